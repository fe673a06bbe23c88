// Original file: proto/logwheel/v1/broker.proto

export const Decision = {
  DECISION_NONE: 0,
  DECISION_COMMIT: 1,
  DECISION_ROLLBACK: 2,
} as const;

export type Decision =
  | 'DECISION_NONE'
  | 0
  | 'DECISION_COMMIT'
  | 1
  | 'DECISION_ROLLBACK'
  | 2

export type Decision__Output = typeof Decision[keyof typeof Decision]
