// Original file: proto/logwheel/v1/admin.proto


export interface ListRedrivesRequest {
  'group'?: (string);
}

export interface ListRedrivesRequest__Output {
  'group': (string);
}
