// Original file: proto/logwheel/v1/broker.proto


export interface CheckWelcome {
  'member'?: (string);
  'heartbeatMs'?: (number);
  'expiryMs'?: (number);
}

export interface CheckWelcome__Output {
  'member': (string);
  'heartbeatMs': (number);
  'expiryMs': (number);
}
