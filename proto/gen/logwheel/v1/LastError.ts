// Original file: proto/logwheel/v1/broker.proto


export interface LastError {
  'name'?: (string);
  'message'?: (string);
}

export interface LastError__Output {
  'name': (string);
  'message': (string);
}
