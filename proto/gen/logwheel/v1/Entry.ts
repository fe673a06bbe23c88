// Original file: proto/logwheel/v1/broker.proto

import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from '../../logwheel/v1/Message.js';
import type { Decision as _logwheel_v1_Decision, Decision__Output as _logwheel_v1_Decision__Output } from '../../logwheel/v1/Decision.js';
import type { Long } from '@grpc/proto-loader';

export interface Entry {
  'topic'?: (number);
  'queue'?: (number);
  'sequence'?: (number | string | Long);
  'after'?: (number | string | Long);
  'more'?: (boolean);
  'message'?: (_logwheel_v1_Message | null);
  'half'?: (boolean);
  'transaction'?: (number | string | Long);
  'transactionEpoch'?: (number);
  'decision'?: (_logwheel_v1_Decision);
}

export interface Entry__Output {
  'topic': (number);
  'queue': (number);
  'sequence': (number);
  'after': (number);
  'more': (boolean);
  'message': (_logwheel_v1_Message__Output | null);
  'half': (boolean);
  'transaction': (number);
  'transactionEpoch': (number);
  'decision': (_logwheel_v1_Decision__Output);
}
