// Original file: proto/logwheel/v1/admin.proto

import type { Assign as _logwheel_v1_Assign, Assign__Output as _logwheel_v1_Assign__Output } from '../../logwheel/v1/Assign.js';

export interface UpdateGroupRequest {
  'name'?: (string);
  'ordered'?: (boolean);
  'maxAttempts'?: (number);
  'assign'?: (_logwheel_v1_Assign);
  'paused'?: (boolean);
  'dryRun'?: (boolean);
  'retryDelaysMs'?: (number)[];
  '_ordered'?: "ordered";
  '_maxAttempts'?: "maxAttempts";
  '_assign'?: "assign";
  '_paused'?: "paused";
}

export interface UpdateGroupRequest__Output {
  'name': (string);
  'ordered'?: (boolean);
  'maxAttempts'?: (number);
  'assign'?: (_logwheel_v1_Assign__Output);
  'paused'?: (boolean);
  'dryRun': (boolean);
  'retryDelaysMs': (number)[];
  '_ordered'?: "ordered";
  '_maxAttempts'?: "maxAttempts";
  '_assign'?: "assign";
  '_paused'?: "paused";
}
