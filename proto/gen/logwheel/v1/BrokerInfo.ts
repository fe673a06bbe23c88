// Original file: proto/logwheel/v1/nameserver.proto

import type { Long } from '@grpc/proto-loader';

export interface BrokerInfo {
  'name'?: (string);
  'address'?: (string);
  'epoch'?: (number);
  'autoCreate'?: (boolean);
  'version'?: (string);
  'flushSync'?: (boolean);
  'startedAtMs'?: (number | string | Long);
}

export interface BrokerInfo__Output {
  'name': (string);
  'address': (string);
  'epoch': (number);
  'autoCreate': (boolean);
  'version': (string);
  'flushSync': (boolean);
  'startedAtMs': (number);
}
