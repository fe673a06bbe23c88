// Original file: proto/logwheel/v1/admin.proto

import type { Redrive as _logwheel_v1_Redrive, Redrive__Output as _logwheel_v1_Redrive__Output } from '../../logwheel/v1/Redrive.js';

export interface ListRedrivesReply {
  'redrives'?: (_logwheel_v1_Redrive)[];
}

export interface ListRedrivesReply__Output {
  'redrives': (_logwheel_v1_Redrive__Output)[];
}
