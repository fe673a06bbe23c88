// Original file: proto/logwheel/v1/broker.proto

import type { DelayedChange as _logwheel_v1_DelayedChange, DelayedChange__Output as _logwheel_v1_DelayedChange__Output } from '../../logwheel/v1/DelayedChange.js';
import type { Long } from '@grpc/proto-loader';

export interface ChangeDelayedRequest {
  'handle'?: (string);
  'change'?: (_logwheel_v1_DelayedChange);
  'delayMs'?: (number | string | Long);
  'deliverAtMs'?: (number | string | Long);
  'delayLevel'?: (number);
}

export interface ChangeDelayedRequest__Output {
  'handle': (string);
  'change': (_logwheel_v1_DelayedChange__Output);
  'delayMs': (number);
  'deliverAtMs': (number);
  'delayLevel': (number);
}
