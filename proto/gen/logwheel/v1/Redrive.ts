// Original file: proto/logwheel/v1/admin.proto

import type { RedriveState as _logwheel_v1_RedriveState, RedriveState__Output as _logwheel_v1_RedriveState__Output } from '../../logwheel/v1/RedriveState.js';
import type { DeadLetterFilter as _logwheel_v1_DeadLetterFilter, DeadLetterFilter__Output as _logwheel_v1_DeadLetterFilter__Output } from '../../logwheel/v1/DeadLetterFilter.js';
import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from '../../logwheel/v1/Range.js';
import type { Long } from '@grpc/proto-loader';

export interface Redrive {
  'group'?: (string);
  'state'?: (_logwheel_v1_RedriveState);
  'filter'?: (_logwheel_v1_DeadLetterFilter | null);
  'to'?: (string);
  'perSecond'?: (number);
  'total'?: (number | string | Long);
  'redriven'?: (number | string | Long);
  'note'?: (string);
  'startedAtMs'?: (number | string | Long);
  'redrivenRanges'?: (_logwheel_v1_Range)[];
}

export interface Redrive__Output {
  'group': (string);
  'state': (_logwheel_v1_RedriveState__Output);
  'filter': (_logwheel_v1_DeadLetterFilter__Output | null);
  'to': (string);
  'perSecond': (number);
  'total': (number);
  'redriven': (number);
  'note': (string);
  'startedAtMs': (number);
  'redrivenRanges': (_logwheel_v1_Range__Output)[];
}
