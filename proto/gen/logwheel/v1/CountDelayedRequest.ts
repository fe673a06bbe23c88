// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface CountDelayedRequest {
  'topic'?: (string);
  'fromMs'?: (number | string | Long);
  'stepMs'?: (number | string | Long);
  'buckets'?: (number);
}

export interface CountDelayedRequest__Output {
  'topic': (string);
  'fromMs': (number);
  'stepMs': (number);
  'buckets': (number);
}
