// Original file: proto/logwheel/v1/message.proto

export const Expired = {
  EXPIRED_TO_DEAD_LETTERS: 0,
  EXPIRED_DROP: 1,
} as const;

export type Expired =
  | 'EXPIRED_TO_DEAD_LETTERS'
  | 0
  | 'EXPIRED_DROP'
  | 1

export type Expired__Output = typeof Expired[keyof typeof Expired]
