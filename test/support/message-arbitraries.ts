import fc from "fast-check";
import type { MessageInput } from "../../proto/kernel/message-codec.js";
import type { RecordHead } from "../../proto/kernel/record.js";

/** Numbers that a 64-bit field may have here, the extremes often. */
export const uint64 = fc.oneof(
  fc.constantFrom(0, 1, 127, 128, 2 ** 28 - 1, 2 ** 28, 2 ** 32, 2 ** 35, 2 ** 49, Number.MAX_SAFE_INTEGER),
  fc.maxSafeNat(),
);

export const uint32 = fc.oneof(fc.constantFrom(0, 1, 127, 128, 2 ** 31, 2 ** 32 - 1), fc.nat());

/** Text of all kinds: ASCII, any Unicode, long and empty. */
export const text = fc.oneof(
  fc.string(),
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme", maxLength: 300 }),
);

/** Names as properties have them. The library under comparison drops this one name. */
export const propertyName = text.filter((name) => name !== "__proto__");

const body = fc.uint8Array({ maxLength: 400 });

/** Messages of every shape, also such as a broker would refuse. */
export const message: fc.Arbitrary<MessageInput> = fc.record(
  {
    body,
    tag: text,
    keys: fc.array(text, { maxLength: 5 }),
    orderingKey: text,
    properties: fc.dictionary(propertyName, text, { maxKeys: 5, noNullPrototype: true }),
    bornAtMs: fc.oneof(uint64, fc.maxSafeInteger()),
    bornHost: text,
    encoding: fc.constantFrom(0, 1),
    ttlMs: fc.oneof(uint64, fc.maxSafeInteger()),
    rocketmq: fc.record(
      {
        messageId: text,
        traceContext: text,
        furtherKeys: fc.array(text, { maxLength: 3 }),
        priority: fc.oneof(fc.constant(0), fc.integer()),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: ["body"] },
);

/** The fixed fields of a stored record. */
export const recordHead: fc.Arbitrary<RecordHead> = fc.record({
  epoch: uint32,
  logOffset: uint64,
  kind: fc.constantFrom(1, 0x101, 0x201, 0x301),
  topic: uint32,
  queueId: uint32,
  queueOffset: uint64,
  storedAtMs: uint64,
  tagHash: uint32,
  keyHash: uint32,
  producerId: uint64,
  sequence: uint64,
});
