// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface GetMessageRequest {
  'id'?: (string);
  'topic'?: (string);
  'queueId'?: (number);
  'offset'?: (number | string | Long);
}

export interface GetMessageRequest__Output {
  'id': (string);
  'topic': (string);
  'queueId': (number);
  'offset': (number);
}
