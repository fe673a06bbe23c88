// Original file: proto/logwheel/v1/broker.proto

import type { Welcome as _logwheel_v1_Welcome, Welcome__Output as _logwheel_v1_Welcome__Output } from '../../logwheel/v1/Welcome.js';
import type { Batch as _logwheel_v1_Batch, Batch__Output as _logwheel_v1_Batch__Output } from '../../logwheel/v1/Batch.js';
import type { Assignment as _logwheel_v1_Assignment, Assignment__Output as _logwheel_v1_Assignment__Output } from '../../logwheel/v1/Assignment.js';
import type { Acked as _logwheel_v1_Acked, Acked__Output as _logwheel_v1_Acked__Output } from '../../logwheel/v1/Acked.js';
import type { LeaseLost as _logwheel_v1_LeaseLost, LeaseLost__Output as _logwheel_v1_LeaseLost__Output } from '../../logwheel/v1/LeaseLost.js';
import type { Pong as _logwheel_v1_Pong, Pong__Output as _logwheel_v1_Pong__Output } from '../../logwheel/v1/Pong.js';
import type { Draining as _logwheel_v1_Draining, Draining__Output as _logwheel_v1_Draining__Output } from '../../logwheel/v1/Draining.js';
import type { PauseChange as _logwheel_v1_PauseChange, PauseChange__Output as _logwheel_v1_PauseChange__Output } from '../../logwheel/v1/PauseChange.js';

export interface ConsumeReply {
  'welcome'?: (_logwheel_v1_Welcome | null);
  'batch'?: (_logwheel_v1_Batch | null);
  'assignment'?: (_logwheel_v1_Assignment | null);
  'acked'?: (_logwheel_v1_Acked | null);
  'leaseLost'?: (_logwheel_v1_LeaseLost | null);
  'pong'?: (_logwheel_v1_Pong | null);
  'draining'?: (_logwheel_v1_Draining | null);
  'pause'?: (_logwheel_v1_PauseChange | null);
  'reply'?: "welcome"|"batch"|"assignment"|"acked"|"leaseLost"|"pong"|"draining"|"pause";
}

export interface ConsumeReply__Output {
  'welcome'?: (_logwheel_v1_Welcome__Output | null);
  'batch'?: (_logwheel_v1_Batch__Output | null);
  'assignment'?: (_logwheel_v1_Assignment__Output | null);
  'acked'?: (_logwheel_v1_Acked__Output | null);
  'leaseLost'?: (_logwheel_v1_LeaseLost__Output | null);
  'pong'?: (_logwheel_v1_Pong__Output | null);
  'draining'?: (_logwheel_v1_Draining__Output | null);
  'pause'?: (_logwheel_v1_PauseChange__Output | null);
  'reply'?: "welcome"|"batch"|"assignment"|"acked"|"leaseLost"|"pong"|"draining"|"pause";
}
