// Original file: proto/apache/rocketmq/v2/definition.proto

export const ClientType = {
  CLIENT_TYPE_UNSPECIFIED: 0,
  PRODUCER: 1,
  PUSH_CONSUMER: 2,
  SIMPLE_CONSUMER: 3,
  PULL_CONSUMER: 4,
  LITE_PUSH_CONSUMER: 5,
  LITE_SIMPLE_CONSUMER: 6,
} as const;

export type ClientType =
  | 'CLIENT_TYPE_UNSPECIFIED'
  | 0
  | 'PRODUCER'
  | 1
  | 'PUSH_CONSUMER'
  | 2
  | 'SIMPLE_CONSUMER'
  | 3
  | 'PULL_CONSUMER'
  | 4
  | 'LITE_PUSH_CONSUMER'
  | 5
  | 'LITE_SIMPLE_CONSUMER'
  | 6

export type ClientType__Output = typeof ClientType[keyof typeof ClientType]
