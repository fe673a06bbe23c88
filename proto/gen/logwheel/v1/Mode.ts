// Original file: proto/logwheel/v1/message.proto

export const Mode = {
  MODE_CONCURRENT: 0,
  MODE_ORDERED: 1,
  MODE_SHARED: 2,
  MODE_BROADCAST: 3,
} as const;

export type Mode =
  | 'MODE_CONCURRENT'
  | 0
  | 'MODE_ORDERED'
  | 1
  | 'MODE_SHARED'
  | 2
  | 'MODE_BROADCAST'
  | 3

export type Mode__Output = typeof Mode[keyof typeof Mode]
