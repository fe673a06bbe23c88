// Original file: proto/logwheel/v1/broker.proto

import type { Range as _logwheel_v1_Range, Range__Output as _logwheel_v1_Range__Output } from '../../logwheel/v1/Range.js';
import type { Long } from '@grpc/proto-loader';

export interface QueueAck {
  'topic'?: (string);
  'queueId'?: (number);
  'generation'?: (number | string | Long);
  'ranges'?: (_logwheel_v1_Range)[];
}

export interface QueueAck__Output {
  'topic': (string);
  'queueId': (number);
  'generation': (number);
  'ranges': (_logwheel_v1_Range__Output)[];
}
