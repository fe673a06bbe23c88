// Original file: proto/logwheel/v1/broker.proto


export interface Welcome {
  'member'?: (string);
  'heartbeatMs'?: (number);
  'expiryMs'?: (number);
  'epoch'?: (number);
}

export interface Welcome__Output {
  'member': (string);
  'heartbeatMs': (number);
  'expiryMs': (number);
  'epoch': (number);
}
