// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface ListDelayedRequest {
  'topic'?: (string);
  'key'?: (string);
  'fromMs'?: (number | string | Long);
  'toMs'?: (number | string | Long);
  'after'?: (string);
  'afterDueAtMs'?: (number | string | Long);
  'max'?: (number);
}

export interface ListDelayedRequest__Output {
  'topic': (string);
  'key': (string);
  'fromMs': (number);
  'toMs': (number);
  'after': (string);
  'afterDueAtMs': (number);
  'max': (number);
}
