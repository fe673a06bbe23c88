// Original file: proto/logwheel/v1/admin.proto


export interface ListTransactionsRequest {
  'topic'?: (string);
  'id'?: (string);
  'parked'?: (boolean);
  'max'?: (number);
}

export interface ListTransactionsRequest__Output {
  'topic': (string);
  'id': (string);
  'parked': (boolean);
  'max': (number);
}
