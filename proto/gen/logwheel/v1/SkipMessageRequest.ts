// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface SkipMessageRequest {
  'group'?: (string);
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
  'dryRun'?: (boolean);
}

export interface SkipMessageRequest__Output {
  'group': (string);
  'topic': (string);
  'queueId': (number);
  'offset': (number);
  'dryRun': (boolean);
}
