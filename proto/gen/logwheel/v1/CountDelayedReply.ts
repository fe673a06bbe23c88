// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface CountDelayedReply {
  'pending'?: (number | string | Long);
  'counts'?: (number | string | Long)[];
}

export interface CountDelayedReply__Output {
  'pending': (number);
  'counts': (number)[];
}
