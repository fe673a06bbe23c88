// Original file: proto/logwheel/v1/admin.proto


export interface FindMessagesRequest {
  'topic'?: (string);
  'key'?: (string);
  'max'?: (number);
}

export interface FindMessagesRequest__Output {
  'topic': (string);
  'key': (string);
  'max': (number);
}
