// Original file: proto/logwheel/v1/admin.proto

import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from '../../logwheel/v1/Group.js';

export interface CreateGroupRequest {
  'group'?: (_logwheel_v1_Group | null);
}

export interface CreateGroupRequest__Output {
  'group': (_logwheel_v1_Group__Output | null);
}
