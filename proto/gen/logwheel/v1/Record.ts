// Original file: proto/logwheel/v1/message.proto

import type { Message as _logwheel_v1_Message, Message__Output as _logwheel_v1_Message__Output } from '../../logwheel/v1/Message.js';
import type { Long } from '@grpc/proto-loader';

export interface Record {
  'epoch'?: (number);
  'logOffset'?: (number | string | Long);
  'kind'?: (number);
  'topic'?: (number);
  'queueId'?: (number);
  'queueOffset'?: (number | string | Long);
  'storedAtMs'?: (number | string | Long);
  'tagHash'?: (number);
  'keyHash'?: (number);
  'producerId'?: (number | string | Long);
  'sequence'?: (number | string | Long);
  'message'?: (_logwheel_v1_Message | null);
  'payload'?: (Buffer | Uint8Array | string);
}

export interface Record__Output {
  'epoch': (number);
  'logOffset': (number);
  'kind': (number);
  'topic': (number);
  'queueId': (number);
  'queueOffset': (number);
  'storedAtMs': (number);
  'tagHash': (number);
  'keyHash': (number);
  'producerId': (number);
  'sequence': (number);
  'message': (_logwheel_v1_Message__Output | null);
  'payload': (Buffer);
}
