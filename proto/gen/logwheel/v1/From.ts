// Original file: proto/logwheel/v1/broker.proto

export const From = {
  FROM_LATEST: 0,
  FROM_EARLIEST: 1,
  FROM_TIME: 2,
} as const;

export type From =
  | 'FROM_LATEST'
  | 0
  | 'FROM_EARLIEST'
  | 1
  | 'FROM_TIME'
  | 2

export type From__Output = typeof From[keyof typeof From]
