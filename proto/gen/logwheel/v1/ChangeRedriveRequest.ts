// Original file: proto/logwheel/v1/admin.proto

import type { RedriveState as _logwheel_v1_RedriveState, RedriveState__Output as _logwheel_v1_RedriveState__Output } from '../../logwheel/v1/RedriveState.js';

export interface ChangeRedriveRequest {
  'group'?: (string);
  'state'?: (_logwheel_v1_RedriveState);
}

export interface ChangeRedriveRequest__Output {
  'group': (string);
  'state': (_logwheel_v1_RedriveState__Output);
}
