// Original file: proto/logwheel/v1/admin.proto

import type { ResetQueue as _logwheel_v1_ResetQueue, ResetQueue__Output as _logwheel_v1_ResetQueue__Output } from '../../logwheel/v1/ResetQueue.js';

export interface ResetGroupReply {
  'queues'?: (_logwheel_v1_ResetQueue)[];
}

export interface ResetGroupReply__Output {
  'queues': (_logwheel_v1_ResetQueue__Output)[];
}
