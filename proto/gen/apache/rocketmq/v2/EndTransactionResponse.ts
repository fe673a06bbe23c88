// Original file: proto/apache/rocketmq/v2/service.proto

import type { Status as _apache_rocketmq_v2_Status, Status__Output as _apache_rocketmq_v2_Status__Output } from '../../../apache/rocketmq/v2/Status.js';

export interface EndTransactionResponse {
  'status'?: (_apache_rocketmq_v2_Status | null);
}

export interface EndTransactionResponse__Output {
  'status': (_apache_rocketmq_v2_Status__Output | null);
}
