// Original file: proto/logwheel/v1/admin.proto


export interface DeleteGroupRequest {
  'name'?: (string);
  'dryRun'?: (boolean);
}

export interface DeleteGroupRequest__Output {
  'name': (string);
  'dryRun': (boolean);
}
