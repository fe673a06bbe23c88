// Original file: proto/logwheel/v1/admin.proto

import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from '../../logwheel/v1/Group.js';
import type { Member as _logwheel_v1_Member, Member__Output as _logwheel_v1_Member__Output } from '../../logwheel/v1/Member.js';
import type { QueueProgress as _logwheel_v1_QueueProgress, QueueProgress__Output as _logwheel_v1_QueueProgress__Output } from '../../logwheel/v1/QueueProgress.js';

export interface DescribeGroupReply {
  'group'?: (_logwheel_v1_Group | null);
  'members'?: (_logwheel_v1_Member)[];
  'queues'?: (_logwheel_v1_QueueProgress)[];
}

export interface DescribeGroupReply__Output {
  'group': (_logwheel_v1_Group__Output | null);
  'members': (_logwheel_v1_Member__Output)[];
  'queues': (_logwheel_v1_QueueProgress__Output)[];
}
