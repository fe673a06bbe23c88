// Original file: proto/logwheel/v1/admin.proto

import type { RocketmqClient as _logwheel_v1_RocketmqClient, RocketmqClient__Output as _logwheel_v1_RocketmqClient__Output } from '../../logwheel/v1/RocketmqClient.js';

export interface ListRocketmqClientsReply {
  'clients'?: (_logwheel_v1_RocketmqClient)[];
  'more'?: (boolean);
}

export interface ListRocketmqClientsReply__Output {
  'clients': (_logwheel_v1_RocketmqClient__Output)[];
  'more': (boolean);
}
