// Original file: proto/logwheel/v1/admin.proto


export interface ListRocketmqClientsRequest {
  'group'?: (string);
  'clientId'?: (string);
  'max'?: (number);
}

export interface ListRocketmqClientsRequest__Output {
  'group': (string);
  'clientId': (string);
  'max': (number);
}
