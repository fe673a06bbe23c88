// Original file: proto/logwheel/v1/admin.proto


export interface DescribeGroupRequest {
  'name'?: (string);
}

export interface DescribeGroupRequest__Output {
  'name': (string);
}
