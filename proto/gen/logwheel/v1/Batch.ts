// Original file: proto/logwheel/v1/broker.proto

import type { Attempt as _logwheel_v1_Attempt, Attempt__Output as _logwheel_v1_Attempt__Output } from '../../logwheel/v1/Attempt.js';
import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

export interface Batch {
  'topic'?: (string);
  'queueId'?: (number);
  'generation'?: (number | string | Long);
  'nextOffset'?: (number | string | Long);
  'attempts'?: (_logwheel_v1_Attempt)[];
  'records'?: (_logwheel_v1_Record)[];
  'failures'?: (number | string | Long);
}

export interface Batch__Output {
  'topic': (string);
  'queueId': (number);
  'generation': (number);
  'nextOffset': (number);
  'attempts': (_logwheel_v1_Attempt__Output)[];
  'records': (_logwheel_v1_Record__Output)[];
  'failures': (number);
}
