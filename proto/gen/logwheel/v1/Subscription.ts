// Original file: proto/logwheel/v1/broker.proto


export interface Subscription {
  'topic'?: (string);
  'tags'?: (string);
  'queues'?: (number)[];
}

export interface Subscription__Output {
  'topic': (string);
  'tags': (string);
  'queues': (number)[];
}
