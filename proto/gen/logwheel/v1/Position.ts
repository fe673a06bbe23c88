// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Position {
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
}

export interface Position__Output {
  'topic': (string);
  'queueId': (number);
  'offset': (number);
}
