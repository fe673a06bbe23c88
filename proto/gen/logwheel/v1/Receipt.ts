// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface Receipt {
  'messageId'?: (string);
  'queueId'?: (number);
  'queueOffset'?: (number | string | Long);
  'written'?: (boolean);
  'flushed'?: (boolean);
  'replicas'?: (number);
  'duplicate'?: (boolean);
  'deferred'?: (boolean);
}

export interface Receipt__Output {
  'messageId': (string);
  'queueId': (number);
  'queueOffset': (number);
  'written': (boolean);
  'flushed': (boolean);
  'replicas': (number);
  'duplicate': (boolean);
  'deferred': (boolean);
}
