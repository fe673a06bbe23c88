// Original file: proto/logwheel/v1/admin.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

export interface OpenTransaction {
  'id'?: (string);
  'topic'?: (string);
  'producerGroup'?: (string);
  'halves'?: (number);
  'beganAtMs'?: (number | string | Long);
  'timesAsked'?: (number);
  'lastAskedAtMs'?: (number | string | Long);
  'lastAsked'?: (string);
  'nextCheckAtMs'?: (number | string | Long);
  'parked'?: (boolean);
  'record'?: (_logwheel_v1_Record | null);
}

export interface OpenTransaction__Output {
  'id': (string);
  'topic': (string);
  'producerGroup': (string);
  'halves': (number);
  'beganAtMs': (number);
  'timesAsked': (number);
  'lastAskedAtMs': (number);
  'lastAsked': (string);
  'nextCheckAtMs': (number);
  'parked': (boolean);
  'record': (_logwheel_v1_Record__Output | null);
}
