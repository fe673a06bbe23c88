// Original file: proto/logwheel/v1/broker.proto

export const DelayedChange = {
  DELAYED_CHANGE_UNSPECIFIED: 0,
  DELAYED_CHANGE_CANCEL: 1,
  DELAYED_CHANGE_RESCHEDULE: 2,
  DELAYED_CHANGE_DELIVER_NOW: 3,
} as const;

export type DelayedChange =
  | 'DELAYED_CHANGE_UNSPECIFIED'
  | 0
  | 'DELAYED_CHANGE_CANCEL'
  | 1
  | 'DELAYED_CHANGE_RESCHEDULE'
  | 2
  | 'DELAYED_CHANGE_DELIVER_NOW'
  | 3

export type DelayedChange__Output = typeof DelayedChange[keyof typeof DelayedChange]
