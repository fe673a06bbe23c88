// Original file: proto/logwheel/v1/broker.proto


export interface Attempt {
  'index'?: (number);
  'attempt'?: (number);
}

export interface Attempt__Output {
  'index': (number);
  'attempt': (number);
}
