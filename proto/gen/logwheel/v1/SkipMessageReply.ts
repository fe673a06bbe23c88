// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface SkipMessageReply {
  'failures'?: (number);
  'inFlight'?: (boolean);
  'waiting'?: (number | string | Long);
}

export interface SkipMessageReply__Output {
  'failures': (number);
  'inFlight': (boolean);
  'waiting': (number);
}
