// Original file: proto/logwheel/v1/broker.proto

import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from '../../logwheel/v1/Range.js';
import type { Long } from '@grpc/proto-loader';

export interface AckRequest {
  'group'?: (string);
  'topic'?: (string);
  'queueId'?: (number);
  'ranges'?: (_logwheel_v1_Range)[];
  'below'?: (number | string | Long);
  '_below'?: "below";
}

export interface AckRequest__Output {
  'group': (string);
  'topic': (string);
  'queueId': (number);
  'ranges': (_logwheel_v1_Range__Output)[];
  'below'?: (number);
  '_below'?: "below";
}
