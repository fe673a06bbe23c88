// Original file: proto/logwheel/v1/nameserver.proto

import type { BrokerInfo as _logwheel_v1_BrokerInfo, BrokerInfo__Output as _logwheel_v1_BrokerInfo__Output } from '../../logwheel/v1/BrokerInfo.js';
import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from '../../logwheel/v1/Topic.js';
import type { Long } from '@grpc/proto-loader';

export interface RegisterRequest {
  'serial'?: (number | string | Long);
  'broker'?: (_logwheel_v1_BrokerInfo | null);
  'full'?: (boolean);
  'topics'?: (_logwheel_v1_Topic)[];
  'deleted'?: (string)[];
  'stopping'?: (boolean);
}

export interface RegisterRequest__Output {
  'serial': (number);
  'broker': (_logwheel_v1_BrokerInfo__Output | null);
  'full': (boolean);
  'topics': (_logwheel_v1_Topic__Output)[];
  'deleted': (string)[];
  'stopping': (boolean);
}
