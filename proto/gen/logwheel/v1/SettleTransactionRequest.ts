// Original file: proto/logwheel/v1/admin.proto


export interface SettleTransactionRequest {
  'id'?: (string);
  'commit'?: (boolean);
  'by'?: (string);
  'dryRun'?: (boolean);
}

export interface SettleTransactionRequest__Output {
  'id': (string);
  'commit': (boolean);
  'by': (string);
  'dryRun': (boolean);
}
