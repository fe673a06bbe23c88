// Original file: proto/logwheel/v1/nameserver.proto

import type { Share as _logwheel_v1_Share, Share__Output as _logwheel_v1_Share__Output } from '../../logwheel/v1/Share.js';

export interface Route {
  'topic'?: (string);
  'shares'?: (_logwheel_v1_Share)[];
}

export interface Route__Output {
  'topic': (string);
  'shares': (_logwheel_v1_Share__Output)[];
}
