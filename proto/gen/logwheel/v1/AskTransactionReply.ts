// Original file: proto/logwheel/v1/admin.proto


export interface AskTransactionReply {
  'asked'?: (string);
}

export interface AskTransactionReply__Output {
  'asked': (string);
}
