// Original file: proto/apache/rocketmq/v2/definition.proto

export const Language = {
  LANGUAGE_UNSPECIFIED: 0,
  JAVA: 1,
  CPP: 2,
  DOT_NET: 3,
  GOLANG: 4,
  RUST: 5,
  PYTHON: 6,
  PHP: 7,
  NODE_JS: 8,
  RUBY: 9,
  OBJECTIVE_C: 10,
  DART: 11,
  KOTLIN: 12,
} as const;

export type Language =
  | 'LANGUAGE_UNSPECIFIED'
  | 0
  | 'JAVA'
  | 1
  | 'CPP'
  | 2
  | 'DOT_NET'
  | 3
  | 'GOLANG'
  | 4
  | 'RUST'
  | 5
  | 'PYTHON'
  | 6
  | 'PHP'
  | 7
  | 'NODE_JS'
  | 8
  | 'RUBY'
  | 9
  | 'OBJECTIVE_C'
  | 10
  | 'DART'
  | 11
  | 'KOTLIN'
  | 12

export type Language__Output = typeof Language[keyof typeof Language]
