// Original file: proto/logwheel/v1/message.proto


export interface RocketMq {
  'messageId'?: (string);
  'traceContext'?: (string);
  'furtherKeys'?: (string)[];
  'priority'?: (number);
  '_priority'?: "priority";
}

export interface RocketMq__Output {
  'messageId': (string);
  'traceContext': (string);
  'furtherKeys': (string)[];
  'priority'?: (number);
  '_priority'?: "priority";
}
