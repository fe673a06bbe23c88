// Original file: proto/logwheel/v1/admin.proto

import type { OpenTransaction as _logwheel_v1_OpenTransaction, OpenTransaction__Output as _logwheel_v1_OpenTransaction__Output } from '../../logwheel/v1/OpenTransaction.js';

export interface SettleTransactionReply {
  'transaction'?: (_logwheel_v1_OpenTransaction | null);
}

export interface SettleTransactionReply__Output {
  'transaction': (_logwheel_v1_OpenTransaction__Output | null);
}
