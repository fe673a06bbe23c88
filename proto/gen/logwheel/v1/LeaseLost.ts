// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface LeaseLost {
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
  'attempt'?: (number);
}

export interface LeaseLost__Output {
  'topic': (string);
  'queueId': (number);
  'offset': (number);
  'attempt': (number);
}
