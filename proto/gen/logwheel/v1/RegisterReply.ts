// Original file: proto/logwheel/v1/nameserver.proto

import type { Long } from '@grpc/proto-loader';

export interface RegisterReply {
  'serial'?: (number | string | Long);
}

export interface RegisterReply__Output {
  'serial': (number);
}
