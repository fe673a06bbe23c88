// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Assigned {
  'topic'?: (string);
  'queueId'?: (number);
  'generation'?: (number | string | Long);
  'offset'?: (number | string | Long);
}

export interface Assigned__Output {
  'topic': (string);
  'queueId': (number);
  'generation': (number);
  'offset': (number);
}
