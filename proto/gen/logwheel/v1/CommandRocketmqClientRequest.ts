// Original file: proto/logwheel/v1/admin.proto

import type { VerifyRocketmqMessage as _logwheel_v1_VerifyRocketmqMessage, VerifyRocketmqMessage__Output as _logwheel_v1_VerifyRocketmqMessage__Output } from '../../logwheel/v1/VerifyRocketmqMessage.js';

export interface CommandRocketmqClientRequest {
  'clientId'?: (string);
  'stackTrace'?: (boolean);
  'verify'?: (_logwheel_v1_VerifyRocketmqMessage | null);
  'reconnect'?: (boolean);
  'command'?: "stackTrace"|"verify"|"reconnect";
}

export interface CommandRocketmqClientRequest__Output {
  'clientId': (string);
  'stackTrace'?: (boolean);
  'verify'?: (_logwheel_v1_VerifyRocketmqMessage__Output | null);
  'reconnect'?: (boolean);
  'command'?: "stackTrace"|"verify"|"reconnect";
}
