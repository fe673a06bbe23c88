// Original file: proto/logwheel/v1/broker.proto

import type { Failure as _logwheel_v1_Failure, Failure__Output as _logwheel_v1_Failure__Output } from '../../logwheel/v1/Failure.js';
import type { Long } from '@grpc/proto-loader';

export interface Acked {
  'serial'?: (number | string | Long);
  'failures'?: (_logwheel_v1_Failure)[];
}

export interface Acked__Output {
  'serial': (number);
  'failures': (_logwheel_v1_Failure__Output)[];
}
