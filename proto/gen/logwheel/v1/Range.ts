// Original file: proto/logwheel/v1/message.proto

import type { Long } from '@grpc/proto-loader';

export interface Range {
  'start'?: (number | string | Long);
  'end'?: (number | string | Long);
}

export interface Range__Output {
  'start': (number);
  'end': (number);
}
