// Original file: proto/logwheel/v1/nameserver.proto


export interface GetRoutesRequest {
  'topics'?: (string)[];
}

export interface GetRoutesRequest__Output {
  'topics': (string)[];
}
