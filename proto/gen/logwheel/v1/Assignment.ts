// Original file: proto/logwheel/v1/broker.proto

import type { Assigned as _logwheel_v1_Assigned, Assigned__Output as _logwheel_v1_Assigned__Output } from '../../logwheel/v1/Assigned.js';

export interface Assignment {
  'queues'?: (_logwheel_v1_Assigned)[];
  'note'?: (string);
}

export interface Assignment__Output {
  'queues': (_logwheel_v1_Assigned__Output)[];
  'note': (string);
}
