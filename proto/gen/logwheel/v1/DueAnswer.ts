// Original file: proto/logwheel/v1/broker.proto

export const DueAnswer = {
  DUE_ANSWER_UNSPECIFIED: 0,
  DUE_ANSWER_DONE: 1,
  DUE_ANSWER_ALREADY_DELIVERED: 2,
  DUE_ANSWER_NOT_FOUND: 3,
} as const;

export type DueAnswer =
  | 'DUE_ANSWER_UNSPECIFIED'
  | 0
  | 'DUE_ANSWER_DONE'
  | 1
  | 'DUE_ANSWER_ALREADY_DELIVERED'
  | 2
  | 'DUE_ANSWER_NOT_FOUND'
  | 3

export type DueAnswer__Output = typeof DueAnswer[keyof typeof DueAnswer]
