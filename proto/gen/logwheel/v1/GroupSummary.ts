// Original file: proto/logwheel/v1/admin.proto

import type { Group as _logwheel_v1_Group, Group__Output as _logwheel_v1_Group__Output } from '../../logwheel/v1/Group.js';
import type { Long } from '@grpc/proto-loader';

export interface GroupSummary {
  'group'?: (_logwheel_v1_Group | null);
  'members'?: (number);
  'topics'?: (string)[];
  'lag'?: (number | string | Long);
}

export interface GroupSummary__Output {
  'group': (_logwheel_v1_Group__Output | null);
  'members': (number);
  'topics': (string)[];
  'lag': (number);
}
