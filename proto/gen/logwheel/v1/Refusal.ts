// Original file: proto/logwheel/v1/broker.proto

import type { Failure as _logwheel_v1_Failure, Failure__Output as _logwheel_v1_Failure__Output } from '../../logwheel/v1/Failure.js';

export interface Refusal {
  'index'?: (number);
  'failure'?: (_logwheel_v1_Failure | null);
}

export interface Refusal__Output {
  'index': (number);
  'failure': (_logwheel_v1_Failure__Output | null);
}
