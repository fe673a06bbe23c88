// Original file: proto/logwheel/v1/admin.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';

export interface FindMessagesReply {
  'records'?: (_logwheel_v1_Record)[];
  'more'?: (boolean);
}

export interface FindMessagesReply__Output {
  'records': (_logwheel_v1_Record__Output)[];
  'more': (boolean);
}
