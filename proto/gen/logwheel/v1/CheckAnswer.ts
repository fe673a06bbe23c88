// Original file: proto/logwheel/v1/broker.proto

import type { Decision as _logwheel_v1_Decision, Decision__Output as _logwheel_v1_Decision__Output } from '../../logwheel/v1/Decision.js';

export interface CheckAnswer {
  'transactionId'?: (string);
  'topic'?: (string);
  'decision'?: (_logwheel_v1_Decision);
}

export interface CheckAnswer__Output {
  'transactionId': (string);
  'topic': (string);
  'decision': (_logwheel_v1_Decision__Output);
}
