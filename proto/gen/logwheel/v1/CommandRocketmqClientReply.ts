// Original file: proto/logwheel/v1/admin.proto


export interface CommandRocketmqClientReply {
  'status'?: (string);
  'message'?: (string);
  'stackTrace'?: (string);
  '_stackTrace'?: "stackTrace";
}

export interface CommandRocketmqClientReply__Output {
  'status': (string);
  'message': (string);
  'stackTrace'?: (string);
  '_stackTrace'?: "stackTrace";
}
