// Original file: proto/logwheel/v1/broker.proto

import type { CheckHello as _logwheel_v1_CheckHello, CheckHello__Output as _logwheel_v1_CheckHello__Output } from '../../logwheel/v1/CheckHello.js';
import type { CheckAnswer as _logwheel_v1_CheckAnswer, CheckAnswer__Output as _logwheel_v1_CheckAnswer__Output } from '../../logwheel/v1/CheckAnswer.js';
import type { Ping as _logwheel_v1_Ping, Ping__Output as _logwheel_v1_Ping__Output } from '../../logwheel/v1/Ping.js';

export interface CheckRequest {
  'hello'?: (_logwheel_v1_CheckHello | null);
  'answer'?: (_logwheel_v1_CheckAnswer | null);
  'ping'?: (_logwheel_v1_Ping | null);
  'request'?: "hello"|"answer"|"ping";
}

export interface CheckRequest__Output {
  'hello'?: (_logwheel_v1_CheckHello__Output | null);
  'answer'?: (_logwheel_v1_CheckAnswer__Output | null);
  'ping'?: (_logwheel_v1_Ping__Output | null);
  'request'?: "hello"|"answer"|"ping";
}
