// Original file: proto/logwheel/v1/broker.proto


export interface CheckHello {
  'producerGroup'?: (string);
  'host'?: (string);
  'processId'?: (number);
}

export interface CheckHello__Output {
  'producerGroup': (string);
  'host': (string);
  'processId': (number);
}
