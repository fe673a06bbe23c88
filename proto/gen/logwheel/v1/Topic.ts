// Original file: proto/logwheel/v1/message.proto

import type { TopicType as _logwheel_v1_TopicType, TopicType__Output as _logwheel_v1_TopicType__Output } from '../../logwheel/v1/TopicType.js';
import type { Permission as _logwheel_v1_Permission, Permission__Output as _logwheel_v1_Permission__Output } from '../../logwheel/v1/Permission.js';
import type { Expired as _logwheel_v1_Expired, Expired__Output as _logwheel_v1_Expired__Output } from '../../logwheel/v1/Expired.js';
import type { Long } from '@grpc/proto-loader';

export interface Topic {
  'name'?: (string);
  'queues'?: (number);
  'type'?: (_logwheel_v1_TopicType);
  'permission'?: (_logwheel_v1_Permission);
  'retentionMs'?: (number | string | Long);
  'attributes'?: ({[key: string]: string});
  'ttlMs'?: (number | string | Long);
  'expired'?: (_logwheel_v1_Expired);
}

export interface Topic__Output {
  'name': (string);
  'queues': (number);
  'type': (_logwheel_v1_TopicType__Output);
  'permission': (_logwheel_v1_Permission__Output);
  'retentionMs': (number);
  'attributes': ({[key: string]: string});
  'ttlMs': (number);
  'expired': (_logwheel_v1_Expired__Output);
}
