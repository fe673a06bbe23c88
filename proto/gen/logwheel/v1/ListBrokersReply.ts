// Original file: proto/logwheel/v1/nameserver.proto

import type { BrokerStatus as _logwheel_v1_BrokerStatus, BrokerStatus__Output as _logwheel_v1_BrokerStatus__Output } from '../../logwheel/v1/BrokerStatus.js';

export interface ListBrokersReply {
  'brokers'?: (_logwheel_v1_BrokerStatus)[];
}

export interface ListBrokersReply__Output {
  'brokers': (_logwheel_v1_BrokerStatus__Output)[];
}
