// Original file: proto/logwheel/v1/broker.proto

import type { Hello as _logwheel_v1_Hello, Hello__Output as _logwheel_v1_Hello__Output } from '../../logwheel/v1/Hello.js';
import type { Credit as _logwheel_v1_Credit, Credit__Output as _logwheel_v1_Credit__Output } from '../../logwheel/v1/Credit.js';
import type { Acks as _logwheel_v1_Acks, Acks__Output as _logwheel_v1_Acks__Output } from '../../logwheel/v1/Acks.js';
import type { Nack as _logwheel_v1_Nack, Nack__Output as _logwheel_v1_Nack__Output } from '../../logwheel/v1/Nack.js';
import type { Extend as _logwheel_v1_Extend, Extend__Output as _logwheel_v1_Extend__Output } from '../../logwheel/v1/Extend.js';
import type { Released as _logwheel_v1_Released, Released__Output as _logwheel_v1_Released__Output } from '../../logwheel/v1/Released.js';
import type { Ping as _logwheel_v1_Ping, Ping__Output as _logwheel_v1_Ping__Output } from '../../logwheel/v1/Ping.js';

export interface ConsumeRequest {
  'hello'?: (_logwheel_v1_Hello | null);
  'credit'?: (_logwheel_v1_Credit | null);
  'acks'?: (_logwheel_v1_Acks | null);
  'nack'?: (_logwheel_v1_Nack | null);
  'extend'?: (_logwheel_v1_Extend | null);
  'released'?: (_logwheel_v1_Released | null);
  'ping'?: (_logwheel_v1_Ping | null);
  'request'?: "hello"|"credit"|"acks"|"nack"|"extend"|"released"|"ping";
}

export interface ConsumeRequest__Output {
  'hello'?: (_logwheel_v1_Hello__Output | null);
  'credit'?: (_logwheel_v1_Credit__Output | null);
  'acks'?: (_logwheel_v1_Acks__Output | null);
  'nack'?: (_logwheel_v1_Nack__Output | null);
  'extend'?: (_logwheel_v1_Extend__Output | null);
  'released'?: (_logwheel_v1_Released__Output | null);
  'ping'?: (_logwheel_v1_Ping__Output | null);
  'request'?: "hello"|"credit"|"acks"|"nack"|"extend"|"released"|"ping";
}
