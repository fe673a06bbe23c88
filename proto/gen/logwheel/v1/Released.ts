// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Released {
  'topic'?: (string);
  'queueId'?: (number);
  'generation'?: (number | string | Long);
}

export interface Released__Output {
  'topic': (string);
  'queueId': (number);
  'generation': (number);
}
