// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface SeekReply {
  'firstOffset'?: (number | string | Long);
  'endOffset'?: (number | string | Long);
  'atOffset'?: (number | string | Long);
  'groupOffset'?: (number | string | Long);
  '_groupOffset'?: "groupOffset";
}

export interface SeekReply__Output {
  'firstOffset': (number);
  'endOffset': (number);
  'atOffset': (number);
  'groupOffset'?: (number);
  '_groupOffset'?: "groupOffset";
}
