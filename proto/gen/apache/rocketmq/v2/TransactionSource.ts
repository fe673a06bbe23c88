// Original file: proto/apache/rocketmq/v2/definition.proto

export const TransactionSource = {
  SOURCE_UNSPECIFIED: 0,
  SOURCE_CLIENT: 1,
  SOURCE_SERVER_CHECK: 2,
} as const;

export type TransactionSource =
  | 'SOURCE_UNSPECIFIED'
  | 0
  | 'SOURCE_CLIENT'
  | 1
  | 'SOURCE_SERVER_CHECK'
  | 2

export type TransactionSource__Output = typeof TransactionSource[keyof typeof TransactionSource]
