// Original file: proto/logwheel/v1/admin.proto

import type { Mode as _logwheel_v1_Mode, Mode__Output as _logwheel_v1_Mode__Output } from '../../logwheel/v1/Mode.js';
import type { Long } from '@grpc/proto-loader';

export interface Member {
  'id'?: (string);
  'host'?: (string);
  'mode'?: (_logwheel_v1_Mode);
  'subscriptions'?: (string)[];
  'connectedAtMs'?: (number | string | Long);
  'lastHeardMsAgo'?: (number | string | Long);
}

export interface Member__Output {
  'id': (string);
  'host': (string);
  'mode': (_logwheel_v1_Mode__Output);
  'subscriptions': (string)[];
  'connectedAtMs': (number);
  'lastHeardMsAgo': (number);
}
