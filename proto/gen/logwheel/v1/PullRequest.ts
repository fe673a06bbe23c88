// Original file: proto/logwheel/v1/broker.proto

import type { Long } from '@grpc/proto-loader';

export interface PullRequest {
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
  'maxMessages'?: (number);
  'maxBytes'?: (number);
  'waitMs'?: (number);
  'tags'?: (string);
  'sql'?: (string);
}

export interface PullRequest__Output {
  'topic': (string);
  'queueId': (number);
  'offset': (number);
  'maxMessages': (number);
  'maxBytes': (number);
  'waitMs': (number);
  'tags': (string);
  'sql': (string);
}
