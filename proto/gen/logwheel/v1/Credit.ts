// Original file: proto/logwheel/v1/broker.proto


export interface Credit {
  'messages'?: (number);
  'bytes'?: (number);
}

export interface Credit__Output {
  'messages': (number);
  'bytes': (number);
}
