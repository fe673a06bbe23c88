// Original file: proto/apache/rocketmq/v2/definition.proto

export const FilterType = {
  FILTER_TYPE_UNSPECIFIED: 0,
  TAG: 1,
  SQL: 2,
} as const;

export type FilterType =
  | 'FILTER_TYPE_UNSPECIFIED'
  | 0
  | 'TAG'
  | 1
  | 'SQL'
  | 2

export type FilterType__Output = typeof FilterType[keyof typeof FilterType]
