// Original file: proto/logwheel/v1/admin.proto

import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from '../../logwheel/v1/Topic.js';
import type { QueueStatus as _logwheel_v1_QueueStatus, QueueStatus__Output as _logwheel_v1_QueueStatus__Output } from '../../logwheel/v1/QueueStatus.js';
import type { Long } from '@grpc/proto-loader';

export interface DescribeTopicReply {
  'topic'?: (_logwheel_v1_Topic | null);
  'queues'?: (_logwheel_v1_QueueStatus)[];
  'groups'?: (string)[];
  'createdAtMs'?: (number | string | Long);
}

export interface DescribeTopicReply__Output {
  'topic': (_logwheel_v1_Topic__Output | null);
  'queues': (_logwheel_v1_QueueStatus__Output)[];
  'groups': (string)[];
  'createdAtMs': (number);
}
