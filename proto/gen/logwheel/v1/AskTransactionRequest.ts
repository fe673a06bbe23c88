// Original file: proto/logwheel/v1/admin.proto


export interface AskTransactionRequest {
  'id'?: (string);
}

export interface AskTransactionRequest__Output {
  'id': (string);
}
