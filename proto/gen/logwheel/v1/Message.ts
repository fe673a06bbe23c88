// Original file: proto/logwheel/v1/message.proto

import type { Encoding as _logwheel_v1_Encoding, Encoding__Output as _logwheel_v1_Encoding__Output } from '../../logwheel/v1/Encoding.js';
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
  'producerGroup'?: (string);
  'delayMs'?: (number | string | Long);
  'deliverAtMs'?: (number | string | Long);
  'delayLevel'?: (number);
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
  'producerGroup': (string);
  'delayMs': (number);
  'deliverAtMs': (number);
  'delayLevel': (number);
}
