// Original file: proto/logwheel/v1/admin.proto


export interface DeleteTopicRequest {
  'name'?: (string);
  'dryRun'?: (boolean);
}

export interface DeleteTopicRequest__Output {
  'name': (string);
  'dryRun': (boolean);
}
