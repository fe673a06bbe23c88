// Original file: proto/logwheel/v1/broker.proto

import type { DueAnswer as _logwheel_v1_DueAnswer, DueAnswer__Output as _logwheel_v1_DueAnswer__Output } from '../../logwheel/v1/DueAnswer.js';

export interface ChangeDelayedReply {
  'answer'?: (_logwheel_v1_DueAnswer);
}

export interface ChangeDelayedReply__Output {
  'answer': (_logwheel_v1_DueAnswer__Output);
}
