// Original file: proto/logwheel/v1/broker.proto

import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from '../../logwheel/v1/Message.js';
import type { Long } from '@grpc/proto-loader';

export interface SendRequest {
  'topic'?: (string);
  'queueId'?: (number);
  'producerId'?: (number | string | Long);
  'sequence'?: (number | string | Long);
  'message'?: (_logwheel_v1_Message | null);
  'half'?: (boolean);
  'transactionId'?: (string);
  '_queueId'?: "queueId";
}

export interface SendRequest__Output {
  'topic': (string);
  'queueId'?: (number);
  'producerId': (number);
  'sequence': (number);
  'message': (_logwheel_v1_Message__Output | null);
  'half': (boolean);
  'transactionId': (string);
  '_queueId'?: "queueId";
}
