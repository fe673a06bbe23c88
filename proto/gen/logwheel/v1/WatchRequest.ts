// Original file: proto/logwheel/v1/nameserver.proto


export interface WatchRequest {
  'add'?: (string)[];
  'remove'?: (string)[];
}

export interface WatchRequest__Output {
  'add': (string)[];
  'remove': (string)[];
}
