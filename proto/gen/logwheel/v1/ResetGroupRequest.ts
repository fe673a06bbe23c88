// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface ResetGroupRequest {
  'name'?: (string);
  'topic'?: (string);
  'queueId'?: (number);
  'earliest'?: (boolean);
  'latest'?: (boolean);
  'timeMs'?: (number | string | Long);
  'offset'?: (number | string | Long);
  'dryRun'?: (boolean);
  '_queueId'?: "queueId";
  'to'?: "earliest"|"latest"|"timeMs"|"offset";
}

export interface ResetGroupRequest__Output {
  'name': (string);
  'topic': (string);
  'queueId'?: (number);
  'earliest'?: (boolean);
  'latest'?: (boolean);
  'timeMs'?: (number);
  'offset'?: (number);
  'dryRun': (boolean);
  '_queueId'?: "queueId";
  'to'?: "earliest"|"latest"|"timeMs"|"offset";
}
