// Original file: proto/logwheel/v1/broker.proto

import type { Record as _logwheel_v1_Record, Record__Output as _logwheel_v1_Record__Output } from '../../logwheel/v1/Record.js';
import type { Long } from '@grpc/proto-loader';

export interface PullReply {
  'nextOffset'?: (number | string | Long);
  'firstOffset'?: (number | string | Long);
  'endOffset'?: (number | string | Long);
  'records'?: (_logwheel_v1_Record)[];
}

export interface PullReply__Output {
  'nextOffset': (number);
  'firstOffset': (number);
  'endOffset': (number);
  'records': (_logwheel_v1_Record__Output)[];
}
