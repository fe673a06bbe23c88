// Original file: proto/apache/rocketmq/v2/definition.proto

export const Encoding = {
  ENCODING_UNSPECIFIED: 0,
  IDENTITY: 1,
  GZIP: 2,
} as const;

export type Encoding =
  | 'ENCODING_UNSPECIFIED'
  | 0
  | 'IDENTITY'
  | 1
  | 'GZIP'
  | 2

export type Encoding__Output = typeof Encoding[keyof typeof Encoding]
