// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface DeleteTopicReply {
  'messages'?: (number | string | Long);
  'groups'?: (string)[];
}

export interface DeleteTopicReply__Output {
  'messages': (number);
  'groups': (string)[];
}
