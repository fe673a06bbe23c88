// Original file: proto/logwheel/v1/message.proto

export const DeadReason = {
  DEAD_REASON_UNSPECIFIED: 0,
  DEAD_REASON_ATTEMPTS: 1,
  DEAD_REASON_REJECTED: 2,
  DEAD_REASON_EXPIRED: 3,
  DEAD_REASON_RETENTION: 4,
} as const;

export type DeadReason =
  | 'DEAD_REASON_UNSPECIFIED'
  | 0
  | 'DEAD_REASON_ATTEMPTS'
  | 1
  | 'DEAD_REASON_REJECTED'
  | 2
  | 'DEAD_REASON_EXPIRED'
  | 3
  | 'DEAD_REASON_RETENTION'
  | 4

export type DeadReason__Output = typeof DeadReason[keyof typeof DeadReason]
