// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Extend {
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
  'attempt'?: (number);
  'leaseMs'?: (number);
}

export interface Extend__Output {
  'topic': (string);
  'queueId': (number);
  'offset': (number);
  'attempt': (number);
  'leaseMs': (number);
}
