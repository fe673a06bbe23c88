// Original file: proto/logwheel/v1/message.proto

import type { DeadReason as _logwheel_v1_DeadReason, DeadReason__Output as _logwheel_v1_DeadReason__Output } from '../../logwheel/v1/DeadReason.js';
import type { Long } from '@grpc/proto-loader';

export interface DeadLetter {
  'reason'?: (_logwheel_v1_DeadReason);
  'errorName'?: (string);
  'errorMessage'?: (string);
  'stack'?: (string);
  'attempts'?: (number);
  'group'?: (string);
  'topic'?: (string);
  'queueId'?: (number);
  'queueOffset'?: (number | string | Long);
  'messageId'?: (string);
  'storedAtMs'?: (number | string | Long);
  'failedAtMs'?: (number | string | Long);
}

export interface DeadLetter__Output {
  'reason': (_logwheel_v1_DeadReason__Output);
  'errorName': (string);
  'errorMessage': (string);
  'stack': (string);
  'attempts': (number);
  'group': (string);
  'topic': (string);
  'queueId': (number);
  'queueOffset': (number);
  'messageId': (string);
  'storedAtMs': (number);
  'failedAtMs': (number);
}
