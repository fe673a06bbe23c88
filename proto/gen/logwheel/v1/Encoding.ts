// Original file: proto/logwheel/v1/message.proto

export const Encoding = {
  ENCODING_NONE: 0,
  ENCODING_ZLIB: 1,
  ENCODING_GZIP: 2,
} as const;

export type Encoding =
  | 'ENCODING_NONE'
  | 0
  | 'ENCODING_ZLIB'
  | 1
  | 'ENCODING_GZIP'
  | 2

export type Encoding__Output = typeof Encoding[keyof typeof Encoding]
