// Original file: proto/logwheel/v1/nameserver.proto

import type { Route as _logwheel_v1_Route, Route__Output as _logwheel_v1_Route__Output } from '../../logwheel/v1/Route.js';

export interface ListTopicsReply {
  'routes'?: (_logwheel_v1_Route)[];
}

export interface ListTopicsReply__Output {
  'routes': (_logwheel_v1_Route__Output)[];
}
