// Original file: proto/apache/rocketmq/v2/service.proto


export interface ReconnectEndpointsCommand {
  'nonce'?: (string);
}

export interface ReconnectEndpointsCommand__Output {
  'nonce': (string);
}
