// Original file: proto/logwheel/v1/admin.proto

import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from '../../logwheel/v1/Group.js';

export interface GroupReply {
  'group'?: (_logwheel_v1_Group | null);
}

export interface GroupReply__Output {
  'group': (_logwheel_v1_Group__Output | null);
}
