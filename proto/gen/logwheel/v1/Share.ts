// Original file: proto/logwheel/v1/nameserver.proto

import type { Topic as _logwheel_v1_Topic, Topic__Output as _logwheel_v1_Topic__Output } from '../../logwheel/v1/Topic.js';

export interface Share {
  'broker'?: (string);
  'topic'?: (_logwheel_v1_Topic | null);
}

export interface Share__Output {
  'broker': (string);
  'topic': (_logwheel_v1_Topic__Output | null);
}
