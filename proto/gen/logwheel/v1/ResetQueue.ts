// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface ResetQueue {
  'queueId'?: (number);
  'fromOffset'?: (number | string | Long);
  'toOffset'?: (number | string | Long);
}

export interface ResetQueue__Output {
  'queueId': (number);
  'fromOffset': (number);
  'toOffset': (number);
}
