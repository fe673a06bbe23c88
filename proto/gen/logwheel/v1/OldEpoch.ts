// Original file: proto/logwheel/v1/broker.proto


export interface OldEpoch {
  'index'?: (number);
  'epoch'?: (number);
}

export interface OldEpoch__Output {
  'index': (number);
  'epoch': (number);
}
