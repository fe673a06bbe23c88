// Original file: proto/logwheel/v1/broker.proto

import type { Entry as _logwheel_v1_Entry, Entry__Output as _logwheel_v1_Entry__Output } from '../../logwheel/v1/Entry.js';
import type { Long } from '@grpc/proto-loader';

export interface PublishRequest {
  'frame'?: (number | string | Long);
  'producerId'?: (number | string | Long);
  'settledBelow'?: (number | string | Long);
  'topics'?: (string)[];
  'entries'?: (_logwheel_v1_Entry)[];
}

export interface PublishRequest__Output {
  'frame': (number);
  'producerId': (number);
  'settledBelow': (number);
  'topics': (string)[];
  'entries': (_logwheel_v1_Entry__Output)[];
}
