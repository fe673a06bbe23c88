// Original file: proto/logwheel/v1/nameserver.proto

import type { Route as _logwheel_v1_Route, Route__Output as _logwheel_v1_Route__Output } from '../../logwheel/v1/Route.js';
import type { BrokerInfo as _logwheel_v1_BrokerInfo, BrokerInfo__Output as _logwheel_v1_BrokerInfo__Output } from '../../logwheel/v1/BrokerInfo.js';

export interface Routes {
  'routes'?: (_logwheel_v1_Route)[];
  'brokers'?: (_logwheel_v1_BrokerInfo)[];
}

export interface Routes__Output {
  'routes': (_logwheel_v1_Route__Output)[];
  'brokers': (_logwheel_v1_BrokerInfo__Output)[];
}
