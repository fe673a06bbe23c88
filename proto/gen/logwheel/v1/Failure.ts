// Original file: proto/logwheel/v1/message.proto

import type { Sent as _logwheel_v1_Sent, Sent__Output as _logwheel_v1_Sent__Output } from '../../logwheel/v1/Sent.js';

export interface Failure {
  'code'?: (string);
  'message'?: (string);
  'sent'?: (_logwheel_v1_Sent);
  'retryAfterMs'?: (number);
}

export interface Failure__Output {
  'code': (string);
  'message': (string);
  'sent': (_logwheel_v1_Sent__Output);
  'retryAfterMs': (number);
}
