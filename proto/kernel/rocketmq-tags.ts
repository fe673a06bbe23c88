/** Field tags of `apache.rocketmq.v2.Message`. */
export const MESSAGE = { TOPIC: 0x0a, PROPERTY: 0x12, SYSTEM: 0x1a, BODY: 0x22 } as const;

/** Field tags of `apache.rocketmq.v2.SystemProperties`; from field 16 on they have two bytes. */
export const SYSTEM = {
  TAG: 0x0a,
  KEY: 0x12,
  MESSAGE_ID: 0x1a,
  BODY_DIGEST: 0x22,
  BODY_ENCODING: 0x28,
  MESSAGE_TYPE: 0x30,
  BORN_TIMESTAMP: 0x3a,
  BORN_HOST: 0x42,
  STORE_TIMESTAMP: 0x4a,
  STORE_HOST: 0x52,
  DELIVERY_TIMESTAMP: 0x5a,
  RECEIPT_HANDLE: 0x62,
  QUEUE_ID: 0x68,
  QUEUE_OFFSET: 0x70,
  INVISIBLE_DURATION: 0x7a,
  DELIVERY_ATTEMPT: 0x80,
  MESSAGE_GROUP: 0x8a,
  TRACE_CONTEXT: 0x92,
  RECOVERY_DURATION: 0x9a,
  DEAD_LETTER: 0xa2,
  PRIORITY: 0xb0,
} as const;

/** Field tags of what stands in both, and in calls: `Resource`, `Digest`, `DeadLetterQueue` and `Status`. */
export const RESOURCE = { NAMESPACE: 0x0a, NAME: 0x12 } as const;
export const DIGEST = { TYPE: 0x08, CHECKSUM: 0x12 } as const;
export const DEAD_LETTER = { TOPIC: 0x0a, MESSAGE_ID: 0x12 } as const;
export const STATUS = { CODE: 0x08, MESSAGE: 0x12 } as const;

/** Field tags of `Timestamp` and, alike, `Duration` of `google.protobuf`. */
export const SECONDS = { SECONDS: 0x08, NANOS: 0x10 } as const;
