// Original file: proto/logwheel/v1/admin.proto


export interface VerifyRocketmqMessage {
  'topic'?: (string);
  'messageId'?: (string);
}

export interface VerifyRocketmqMessage__Output {
  'topic': (string);
  'messageId': (string);
}
