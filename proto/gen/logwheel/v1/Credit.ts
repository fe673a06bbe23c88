// Original file: proto/logwheel/v1/broker.proto


export interface Credit {
  'messages'?: (number);
  'bytes'?: (number);
  'anew'?: (boolean);
}

export interface Credit__Output {
  'messages': (number);
  'bytes': (number);
  'anew': (boolean);
}
