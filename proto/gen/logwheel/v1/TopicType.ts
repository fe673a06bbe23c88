// Original file: proto/logwheel/v1/message.proto

export const TopicType = {
  TOPIC_TYPE_UNSPECIFIED: 0,
  TOPIC_TYPE_NORMAL: 1,
  TOPIC_TYPE_ORDERED: 2,
  TOPIC_TYPE_DELAY: 3,
  TOPIC_TYPE_TRANSACTION: 4,
  TOPIC_TYPE_MIXED: 5,
} as const;

export type TopicType =
  | 'TOPIC_TYPE_UNSPECIFIED'
  | 0
  | 'TOPIC_TYPE_NORMAL'
  | 1
  | 'TOPIC_TYPE_ORDERED'
  | 2
  | 'TOPIC_TYPE_DELAY'
  | 3
  | 'TOPIC_TYPE_TRANSACTION'
  | 4
  | 'TOPIC_TYPE_MIXED'
  | 5

export type TopicType__Output = typeof TopicType[keyof typeof TopicType]
