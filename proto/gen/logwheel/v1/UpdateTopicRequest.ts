// Original file: proto/logwheel/v1/admin.proto

import type { Permission as _logwheel_v1_Permission, Permission__Output as _logwheel_v1_Permission__Output } from '../../logwheel/v1/Permission.js';
import type { Long } from '@grpc/proto-loader';

export interface UpdateTopicRequest {
  'name'?: (string);
  'queues'?: (number);
  'permission'?: (_logwheel_v1_Permission);
  'retentionMs'?: (number | string | Long);
  'setAttributes'?: ({[key: string]: string});
  'removeAttributes'?: (string)[];
  'dryRun'?: (boolean);
  '_queues'?: "queues";
  '_permission'?: "permission";
  '_retentionMs'?: "retentionMs";
}

export interface UpdateTopicRequest__Output {
  'name': (string);
  'queues'?: (number);
  'permission'?: (_logwheel_v1_Permission__Output);
  'retentionMs'?: (number);
  'setAttributes': ({[key: string]: string});
  'removeAttributes': (string)[];
  'dryRun': (boolean);
  '_queues'?: "queues";
  '_permission'?: "permission";
  '_retentionMs'?: "retentionMs";
}
