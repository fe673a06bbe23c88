// Original file: proto/logwheel/v1/broker.proto

import type { Receipt as _logwheel_v1_Receipt, Receipt__Output as _logwheel_v1_Receipt__Output } from '../../logwheel/v1/Receipt.js';

export interface SendReply {
  'receipt'?: (_logwheel_v1_Receipt | null);
}

export interface SendReply__Output {
  'receipt': (_logwheel_v1_Receipt__Output | null);
}
