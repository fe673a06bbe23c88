// Original file: proto/logwheel/v1/admin.proto

import type { OpenTransaction as _logwheel_v1_OpenTransaction, OpenTransaction__Output as _logwheel_v1_OpenTransaction__Output } from '../../logwheel/v1/OpenTransaction.js';

export interface ListTransactionsReply {
  'transactions'?: (_logwheel_v1_OpenTransaction)[];
  'more'?: (boolean);
}

export interface ListTransactionsReply__Output {
  'transactions': (_logwheel_v1_OpenTransaction__Output)[];
  'more': (boolean);
}
