// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface AckReply {
  'offset'?: (number | string | Long);
}

export interface AckReply__Output {
  'offset': (number);
}
