// Original file: proto/logwheel/v1/message.proto

export const Assign = {
  ASSIGN_STICKY: 0,
  ASSIGN_CIRCULAR: 1,
  ASSIGN_FIXED: 2,
  ASSIGN_HASH: 3,
} as const;

export type Assign =
  | 'ASSIGN_STICKY'
  | 0
  | 'ASSIGN_CIRCULAR'
  | 1
  | 'ASSIGN_FIXED'
  | 2
  | 'ASSIGN_HASH'
  | 3

export type Assign__Output = typeof Assign[keyof typeof Assign]
