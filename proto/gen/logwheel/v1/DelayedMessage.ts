// Original file: proto/logwheel/v1/admin.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

export interface DelayedMessage {
  'handle'?: (string);
  'topic'?: (string);
  'queueId'?: (number);
  'dueAtMs'?: (number | string | Long);
  'record'?: (_logwheel_v1_Record | null);
}

export interface DelayedMessage__Output {
  'handle': (string);
  'topic': (string);
  'queueId': (number);
  'dueAtMs': (number);
  'record': (_logwheel_v1_Record__Output | null);
}
