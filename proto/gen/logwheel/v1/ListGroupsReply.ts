// Original file: proto/logwheel/v1/admin.proto

import type { GroupSummary as _logwheel_v1_GroupSummary, GroupSummary__Output as _logwheel_v1_GroupSummary__Output } from '../../logwheel/v1/GroupSummary.js';

export interface ListGroupsReply {
  'groups'?: (_logwheel_v1_GroupSummary)[];
}

export interface ListGroupsReply__Output {
  'groups': (_logwheel_v1_GroupSummary__Output)[];
}
