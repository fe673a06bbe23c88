// Original file: proto/logwheel/v1/admin.proto

import type { Permission as _logwheel_v1_Permission, Permission__Output as _logwheel_v1_Permission__Output } from '../../logwheel/v1/Permission.js';
import type { Expired as _logwheel_v1_Expired, Expired__Output as _logwheel_v1_Expired__Output } from '../../logwheel/v1/Expired.js';
import type { Long } from '@grpc/proto-loader';

export interface UpdateTopicRequest {
  'name'?: (string);
  'queues'?: (number);
  'permission'?: (_logwheel_v1_Permission);
  'retentionMs'?: (number | string | Long);
  'setAttributes'?: ({[key: string]: string});
  'removeAttributes'?: (string)[];
  'dryRun'?: (boolean);
  'ttlMs'?: (number | string | Long);
  'expired'?: (_logwheel_v1_Expired);
  '_queues'?: "queues";
  '_permission'?: "permission";
  '_retentionMs'?: "retentionMs";
  '_ttlMs'?: "ttlMs";
  '_expired'?: "expired";
}

export interface UpdateTopicRequest__Output {
  'name': (string);
  'queues'?: (number);
  'permission'?: (_logwheel_v1_Permission__Output);
  'retentionMs'?: (number);
  'setAttributes': ({[key: string]: string});
  'removeAttributes': (string)[];
  'dryRun': (boolean);
  'ttlMs'?: (number);
  'expired'?: (_logwheel_v1_Expired__Output);
  '_queues'?: "queues";
  '_permission'?: "permission";
  '_retentionMs'?: "retentionMs";
  '_ttlMs'?: "ttlMs";
  '_expired'?: "expired";
}
