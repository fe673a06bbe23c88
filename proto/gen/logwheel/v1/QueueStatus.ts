// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface QueueStatus {
  'queueId'?: (number);
  'firstOffset'?: (number | string | Long);
  'endOffset'?: (number | string | Long);
  'firstStoredAtMs'?: (number | string | Long);
  'lastStoredAtMs'?: (number | string | Long);
}

export interface QueueStatus__Output {
  'queueId': (number);
  'firstOffset': (number);
  'endOffset': (number);
  'firstStoredAtMs': (number);
  'lastStoredAtMs': (number);
}
