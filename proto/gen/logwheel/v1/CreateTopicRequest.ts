// Original file: proto/logwheel/v1/admin.proto

import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from '../../logwheel/v1/Topic.js';

export interface CreateTopicRequest {
  'topic'?: (_logwheel_v1_Topic | null);
}

export interface CreateTopicRequest__Output {
  'topic': (_logwheel_v1_Topic__Output | null);
}
