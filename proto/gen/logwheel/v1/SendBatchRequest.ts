// Original file: proto/logwheel/v1/broker.proto

import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from '../../logwheel/v1/Message.js';
import type { Long } from '@grpc/proto-loader';

export interface SendBatchRequest {
  'topic'?: (string);
  'queueId'?: (number);
  'producerId'?: (number | string | Long);
  'sequence'?: (number | string | Long);
  'messages'?: (_logwheel_v1_Message)[];
  '_queueId'?: "queueId";
}

export interface SendBatchRequest__Output {
  'topic': (string);
  'queueId'?: (number);
  'producerId': (number);
  'sequence': (number);
  'messages': (_logwheel_v1_Message__Output)[];
  '_queueId'?: "queueId";
}
