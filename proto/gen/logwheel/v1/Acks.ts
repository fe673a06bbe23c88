// Original file: proto/logwheel/v1/broker.proto

import type { QueueAck as _logwheel_v1_QueueAck, QueueAck__Output as _logwheel_v1_QueueAck__Output } from '../../logwheel/v1/QueueAck.js';
import type { Long } from '@grpc/proto-loader';

export interface Acks {
  'serial'?: (number | string | Long);
  'queues'?: (_logwheel_v1_QueueAck)[];
  'awaited'?: (boolean);
}

export interface Acks__Output {
  'serial': (number);
  'queues': (_logwheel_v1_QueueAck__Output)[];
  'awaited': (boolean);
}
