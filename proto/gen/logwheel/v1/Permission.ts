// Original file: proto/logwheel/v1/message.proto

export const Permission = {
  PERMISSION_READ_WRITE: 0,
  PERMISSION_READ: 1,
  PERMISSION_WRITE: 2,
  PERMISSION_NONE: 3,
} as const;

export type Permission =
  | 'PERMISSION_READ_WRITE'
  | 0
  | 'PERMISSION_READ'
  | 1
  | 'PERMISSION_WRITE'
  | 2
  | 'PERMISSION_NONE'
  | 3

export type Permission__Output = typeof Permission[keyof typeof Permission]
