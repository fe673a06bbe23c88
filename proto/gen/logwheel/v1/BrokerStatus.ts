// Original file: proto/logwheel/v1/nameserver.proto

import type { BrokerInfo as _logwheel_v1_BrokerInfo, BrokerInfo__Output as _logwheel_v1_BrokerInfo__Output } from '../../logwheel/v1/BrokerInfo.js';
import type { Long } from '@grpc/proto-loader';

export interface BrokerStatus {
  'info'?: (_logwheel_v1_BrokerInfo | null);
  'lastHeardMsAgo'?: (number | string | Long);
  'topics'?: (number);
}

export interface BrokerStatus__Output {
  'info': (_logwheel_v1_BrokerInfo__Output | null);
  'lastHeardMsAgo': (number);
  'topics': (number);
}
