// Original file: proto/logwheel/v1/broker.proto


export interface Subscription {
  'topic'?: (string);
  'tags'?: (string);
  'queues'?: (number)[];
  'sql'?: (string);
}

export interface Subscription__Output {
  'topic': (string);
  'tags': (string);
  'queues': (number)[];
  'sql': (string);
}
