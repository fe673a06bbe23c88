// Original file: proto/logwheel/v1/admin.proto

import type { DeadReason as _logwheel_v1_DeadReason, DeadReason__Output as _logwheel_v1_DeadReason__Output } from '../../logwheel/v1/DeadReason.js';
import type { Long } from '@grpc/proto-loader';

export interface DeadLetterFilter {
  'reason'?: (_logwheel_v1_DeadReason);
  'errorName'?: (string);
  'topic'?: (string);
  'sinceMs'?: (number | string | Long);
  'untilMs'?: (number | string | Long);
}

export interface DeadLetterFilter__Output {
  'reason': (_logwheel_v1_DeadReason__Output);
  'errorName': (string);
  'topic': (string);
  'sinceMs': (number);
  'untilMs': (number);
}
