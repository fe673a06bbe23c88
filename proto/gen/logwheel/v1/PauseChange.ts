// Original file: proto/logwheel/v1/broker.proto


export interface PauseChange {
  'paused'?: (boolean);
}

export interface PauseChange__Output {
  'paused': (boolean);
}
