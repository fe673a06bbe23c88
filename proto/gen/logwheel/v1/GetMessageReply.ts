// Original file: proto/logwheel/v1/admin.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';

export interface GetMessageReply {
  'topic'?: (string);
  'id'?: (string);
  'record'?: (_logwheel_v1_Record | null);
}

export interface GetMessageReply__Output {
  'topic': (string);
  'id': (string);
  'record': (_logwheel_v1_Record__Output | null);
}
