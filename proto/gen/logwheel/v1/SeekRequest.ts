// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface SeekRequest {
  'topic'?: (string);
  'queueId'?: (number);
  'storedAtMs'?: (number | string | Long);
  'group'?: (string);
  '_storedAtMs'?: "storedAtMs";
}

export interface SeekRequest__Output {
  'topic': (string);
  'queueId': (number);
  'storedAtMs'?: (number);
  'group': (string);
  '_storedAtMs'?: "storedAtMs";
}
