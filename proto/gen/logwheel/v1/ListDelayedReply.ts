// Original file: proto/logwheel/v1/admin.proto

import type { DelayedMessage as _logwheel_v1_DelayedMessage, DelayedMessage__Output as _logwheel_v1_DelayedMessage__Output } from '../../logwheel/v1/DelayedMessage.js';

export interface ListDelayedReply {
  'messages'?: (_logwheel_v1_DelayedMessage)[];
  'more'?: (boolean);
}

export interface ListDelayedReply__Output {
  'messages': (_logwheel_v1_DelayedMessage__Output)[];
  'more': (boolean);
}
