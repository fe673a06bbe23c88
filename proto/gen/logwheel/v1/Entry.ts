// Original file: proto/logwheel/v1/broker.proto

import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from '../../logwheel/v1/Message.js';
import type { Long } from '@grpc/proto-loader';

export interface Entry {
  'topic'?: (number);
  'queue'?: (number);
  'sequence'?: (number | string | Long);
  'after'?: (number | string | Long);
  'more'?: (boolean);
  'message'?: (_logwheel_v1_Message | null);
}

export interface Entry__Output {
  'topic': (number);
  'queue': (number);
  'sequence': (number);
  'after': (number);
  'more': (boolean);
  'message': (_logwheel_v1_Message__Output | null);
}
