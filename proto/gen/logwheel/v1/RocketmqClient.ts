// Original file: proto/logwheel/v1/admin.proto

import type { Long } from '@grpc/proto-loader';

export interface RocketmqClient {
  'id'?: (string);
  'type'?: (string);
  'language'?: (string);
  'version'?: (string);
  'host'?: (string);
  'group'?: (string);
  'topics'?: (string)[];
  'telemetry'?: (boolean);
  'heardMsAgo'?: (number | string | Long);
}

export interface RocketmqClient__Output {
  'id': (string);
  'type': (string);
  'language': (string);
  'version': (string);
  'host': (string);
  'group': (string);
  'topics': (string)[];
  'telemetry': (boolean);
  'heardMsAgo': (number);
}
