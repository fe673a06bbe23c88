// Original file: proto/logwheel/v1/broker.proto

import type { LastError as _logwheel_v1_LastError, LastError__Output as _logwheel_v1_LastError__Output } from '../../logwheel/v1/LastError.js';

export interface Attempt {
  'index'?: (number);
  'attempt'?: (number);
  'lastError'?: (_logwheel_v1_LastError | null);
}

export interface Attempt__Output {
  'index': (number);
  'attempt': (number);
  'lastError': (_logwheel_v1_LastError__Output | null);
}
