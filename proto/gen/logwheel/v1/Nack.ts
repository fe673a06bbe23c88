// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Nack {
  'topic'?: (string);
  'queueId'?: (number);
  'generation'?: (number | string | Long);
  'offset'?: (number | string | Long);
  'attempt'?: (number);
  'delayMs'?: (number);
  'errorName'?: (string);
  'errorMessage'?: (string);
  'stack'?: (string);
  'reject'?: (boolean);
  'keyHash'?: (number);
  'unseen'?: (boolean);
  '_delayMs'?: "delayMs";
}

export interface Nack__Output {
  'topic': (string);
  'queueId': (number);
  'generation': (number);
  'offset': (number);
  'attempt': (number);
  'delayMs'?: (number);
  'errorName': (string);
  'errorMessage': (string);
  'stack': (string);
  'reject': (boolean);
  'keyHash': (number);
  'unseen': (boolean);
  '_delayMs'?: "delayMs";
}
