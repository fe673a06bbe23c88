// Original file: proto/logwheel/v1/admin.proto

import type { DeadLetterFilter as _logwheel_v1_DeadLetterFilter, DeadLetterFilter__Output as _logwheel_v1_DeadLetterFilter__Output } from '../../logwheel/v1/DeadLetterFilter.js';

export interface StartRedriveRequest {
  'group'?: (string);
  'filter'?: (_logwheel_v1_DeadLetterFilter | null);
  'to'?: (string);
  'perSecond'?: (number);
  'dryRun'?: (boolean);
}

export interface StartRedriveRequest__Output {
  'group': (string);
  'filter': (_logwheel_v1_DeadLetterFilter__Output | null);
  'to': (string);
  'perSecond': (number);
  'dryRun': (boolean);
}
