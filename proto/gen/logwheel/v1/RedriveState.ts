// Original file: proto/logwheel/v1/admin.proto

export const RedriveState = {
  REDRIVE_STATE_UNSPECIFIED: 0,
  REDRIVE_STATE_RUNNING: 1,
  REDRIVE_STATE_PAUSED: 2,
  REDRIVE_STATE_DONE: 3,
  REDRIVE_STATE_CANCELLED: 4,
} as const;

export type RedriveState =
  | 'REDRIVE_STATE_UNSPECIFIED'
  | 0
  | 'REDRIVE_STATE_RUNNING'
  | 1
  | 'REDRIVE_STATE_PAUSED'
  | 2
  | 'REDRIVE_STATE_DONE'
  | 3
  | 'REDRIVE_STATE_CANCELLED'
  | 4

export type RedriveState__Output = typeof RedriveState[keyof typeof RedriveState]
