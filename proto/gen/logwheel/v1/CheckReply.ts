// Original file: proto/logwheel/v1/broker.proto

import type { CheckWelcome as _logwheel_v1_CheckWelcome, CheckWelcome__Output as _logwheel_v1_CheckWelcome__Output } from '../../logwheel/v1/CheckWelcome.js';
import type { Question as _logwheel_v1_Question, Question__Output as _logwheel_v1_Question__Output } from '../../logwheel/v1/Question.js';
import type { Pong as _logwheel_v1_Pong, Pong__Output as _logwheel_v1_Pong__Output } from '../../logwheel/v1/Pong.js';

export interface CheckReply {
  'welcome'?: (_logwheel_v1_CheckWelcome | null);
  'question'?: (_logwheel_v1_Question | null);
  'pong'?: (_logwheel_v1_Pong | null);
  'reply'?: "welcome"|"question"|"pong";
}

export interface CheckReply__Output {
  'welcome'?: (_logwheel_v1_CheckWelcome__Output | null);
  'question'?: (_logwheel_v1_Question__Output | null);
  'pong'?: (_logwheel_v1_Pong__Output | null);
  'reply'?: "welcome"|"question"|"pong";
}
