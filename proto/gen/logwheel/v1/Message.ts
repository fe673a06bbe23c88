// Original file: proto/logwheel/v1/message.proto

import type { Encoding as _logwheel_v1_Encoding, Encoding__Output as _logwheel_v1_Encoding__Output } from '../../logwheel/v1/Encoding.js';
import type { DeadLetter as _logwheel_v1_DeadLetter, DeadLetter__Output as _logwheel_v1_DeadLetter__Output } from '../../logwheel/v1/DeadLetter.js';
import type { RocketMq as _logwheel_v1_RocketMq, RocketMq__Output as _logwheel_v1_RocketMq__Output } from '../../logwheel/v1/RocketMq.js';
import type { Long } from '@grpc/proto-loader';

export interface Message {
  'body'?: (Buffer | Uint8Array | string);
  'tag'?: (string);
  'keys'?: (string)[];
  'orderingKey'?: (string);
  'properties'?: ({[key: string]: string});
  'bornAtMs'?: (number | string | Long);
  'bornHost'?: (string);
  'encoding'?: (_logwheel_v1_Encoding);
  'ttlMs'?: (number | string | Long);
  'producerGroup'?: (string);
  'deadLetter'?: (_logwheel_v1_DeadLetter | null);
  'delayMs'?: (number | string | Long);
  'deliverAtMs'?: (number | string | Long);
  'delayLevel'?: (number);
  'rocketmq'?: (_logwheel_v1_RocketMq | null);
}

export interface Message__Output {
  'body': (Buffer);
  'tag': (string);
  'keys': (string)[];
  'orderingKey': (string);
  'properties': ({[key: string]: string});
  'bornAtMs': (number);
  'bornHost': (string);
  'encoding': (_logwheel_v1_Encoding__Output);
  'ttlMs': (number);
  'producerGroup': (string);
  'deadLetter': (_logwheel_v1_DeadLetter__Output | null);
  'delayMs': (number);
  'deliverAtMs': (number);
  'delayLevel': (number);
  'rocketmq': (_logwheel_v1_RocketMq__Output | null);
}
