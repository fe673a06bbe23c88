// Original file: proto/logwheel/v1/admin.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

export interface GetMessageReply {
  'topic'?: (string);
  'id'?: (string);
  'record'?: (_logwheel_v1_Record | null);
  'state'?: (string);
  'dueAtMs'?: (number | string | Long);
}

export interface GetMessageReply__Output {
  'topic': (string);
  'id': (string);
  'record': (_logwheel_v1_Record__Output | null);
  'state': (string);
  'dueAtMs': (number);
}
