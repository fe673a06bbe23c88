// Original file: proto/logwheel/v1/message.proto

export const Sent = {
  SENT_NO: 0,
  SENT_YES: 1,
  SENT_MAYBE: 2,
} as const;

export type Sent =
  | 'SENT_NO'
  | 0
  | 'SENT_YES'
  | 1
  | 'SENT_MAYBE'
  | 2

export type Sent__Output = typeof Sent[keyof typeof Sent]
