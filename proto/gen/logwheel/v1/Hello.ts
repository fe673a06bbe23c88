// Original file: proto/logwheel/v1/broker.proto

import type { Mode as _logwheel_v1_Mode, Mode__Output as _logwheel_v1_Mode__Output } from '../../logwheel/v1/Mode.js';
import type { Subscription as _logwheel_v1_Subscription, Subscription__Output as _logwheel_v1_Subscription__Output } from '../../logwheel/v1/Subscription.js';
import type { From as _logwheel_v1_From, From__Output as _logwheel_v1_From__Output } from '../../logwheel/v1/From.js';
import type { Position as _logwheel_v1_Position, Position__Output as _logwheel_v1_Position__Output } from '../../logwheel/v1/Position.js';
import type { QueueAck as _logwheel_v1_QueueAck, QueueAck__Output as _logwheel_v1_QueueAck__Output } from '../../logwheel/v1/QueueAck.js';
import type { Long } from '@grpc/proto-loader';

export interface Hello {
  'group'?: (string);
  'mode'?: (_logwheel_v1_Mode);
  'subscriptions'?: (_logwheel_v1_Subscription)[];
  'from'?: (_logwheel_v1_From);
  'fromMs'?: (number | string | Long);
  'leaseMs'?: (number);
  'member'?: (string);
  'host'?: (string);
  'positions'?: (_logwheel_v1_Position)[];
  'processId'?: (number);
  'held'?: (_logwheel_v1_QueueAck)[];
}

export interface Hello__Output {
  'group': (string);
  'mode': (_logwheel_v1_Mode__Output);
  'subscriptions': (_logwheel_v1_Subscription__Output)[];
  'from': (_logwheel_v1_From__Output);
  'fromMs': (number);
  'leaseMs': (number);
  'member': (string);
  'host': (string);
  'positions': (_logwheel_v1_Position__Output)[];
  'processId': (number);
  'held': (_logwheel_v1_QueueAck__Output)[];
}
