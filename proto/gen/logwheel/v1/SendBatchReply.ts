// Original file: proto/logwheel/v1/broker.proto

import type { Receipt as _logwheel_v1_Receipt, Receipt__Output as _logwheel_v1_Receipt__Output } from '../../logwheel/v1/Receipt.js';

export interface SendBatchReply {
  'receipts'?: (_logwheel_v1_Receipt)[];
}

export interface SendBatchReply__Output {
  'receipts': (_logwheel_v1_Receipt__Output)[];
}
