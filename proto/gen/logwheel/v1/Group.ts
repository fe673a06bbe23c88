// Original file: proto/logwheel/v1/message.proto

import type { Assign as _logwheel_v1_Assign, Assign__Output as _logwheel_v1_Assign__Output } from '../../logwheel/v1/Assign.js';

export interface Group {
  'name'?: (string);
  'ordered'?: (boolean);
  'maxAttempts'?: (number);
  'assign'?: (_logwheel_v1_Assign);
  'paused'?: (boolean);
  'retryDelaysMs'?: (number)[];
}

export interface Group__Output {
  'name': (string);
  'ordered': (boolean);
  'maxAttempts': (number);
  'assign': (_logwheel_v1_Assign__Output);
  'paused': (boolean);
  'retryDelaysMs': (number)[];
}
