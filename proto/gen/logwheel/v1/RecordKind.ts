// Original file: proto/logwheel/v1/message.proto

export const RecordKind = {
  RECORD_KIND_UNSPECIFIED: 0,
  RECORD_KIND_MESSAGE: 1,
  RECORD_KIND_MARK: 2,
  RECORD_KIND_END: 3,
  RECORD_KIND_EPOCH: 4,
  RECORD_KIND_SNAPSHOT: 5,
  RECORD_KIND_TOPIC: 6,
  RECORD_KIND_GROUP: 7,
  RECORD_KIND_CURSORS: 8,
  RECORD_KIND_DAMAGE: 9,
  RECORD_KIND_DELAYED: 10,
  RECORD_KIND_HALF: 11,
  RECORD_KIND_SETTLE: 12,
} as const;

export type RecordKind =
  | 'RECORD_KIND_UNSPECIFIED'
  | 0
  | 'RECORD_KIND_MESSAGE'
  | 1
  | 'RECORD_KIND_MARK'
  | 2
  | 'RECORD_KIND_END'
  | 3
  | 'RECORD_KIND_EPOCH'
  | 4
  | 'RECORD_KIND_SNAPSHOT'
  | 5
  | 'RECORD_KIND_TOPIC'
  | 6
  | 'RECORD_KIND_GROUP'
  | 7
  | 'RECORD_KIND_CURSORS'
  | 8
  | 'RECORD_KIND_DAMAGE'
  | 9
  | 'RECORD_KIND_DELAYED'
  | 10
  | 'RECORD_KIND_HALF'
  | 11
  | 'RECORD_KIND_SETTLE'
  | 12

export type RecordKind__Output = typeof RecordKind[keyof typeof RecordKind]
