// Original file: proto/logwheel/v1/broker.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';

export interface Question {
  'transactionId'?: (string);
  'topic'?: (string);
  'times'?: (number);
  'halves'?: (number);
  'record'?: (_logwheel_v1_Record | null);
}

export interface Question__Output {
  'transactionId': (string);
  'topic': (string);
  'times': (number);
  'halves': (number);
  'record': (_logwheel_v1_Record__Output | null);
}
