// Original file: proto/logwheel/v1/admin.proto


export interface DeleteGroupReply {
  'topics'?: (string)[];
}

export interface DeleteGroupReply__Output {
  'topics': (string)[];
}
