import { expect } from "chai";
import type { Message } from "../../../proto/gen/apache/rocketmq/v2/Message.js";
import type { SystemProperties } from "../../../proto/gen/apache/rocketmq/v2/SystemProperties.js";
import { MESSAGING } from "../../../proto/kernel/rocketmq-contract.js";
import { RESERVED_PROPERTIES } from "../../../server/gateway/reserved-properties.js";
import { BODY_MAX, GatewayWorld } from "../../support/gateway-world.js";

const [NORMAL, FIFO, DELAY, TRANSACTION, LITE, PRIORITY] = [1, 2, 3, 4, 5, 6] as const;
const MD5 = 2;
const DAY_MS = 86_400_000;

type Row = readonly [what: string, code: number, system: SystemProperties, more?: Message];

const text = (length: number, letter = "x"): string => letter.repeat(length);
const body = (length: number): Message => ({ body: Buffer.alloc(length) });
const properties = (count: number): Message => ({
  userProperties: Object.fromEntries(Array.from({ length: count }, (_, n) => [`p${n}`, "v"])),
});
const property = (key: string, value = "v"): Message => ({ userProperties: { [key]: value } });
const recovery = (ms: number): SystemProperties => ({
  messageType: TRANSACTION,
  orphanedTransactionRecoveryDuration: { seconds: Math.floor(ms / 1_000), nanos: (ms % 1_000) * 1e6 },
});

/** Each limit of a send one below, at, and one above it. */
const ROWS: readonly Row[] = [
  ["body of 0 bytes", 41302, {}, body(0)],
  ["body of 1 byte", 20000, {}, body(1)],
  ["body of 4 MiB - 1", 20000, {}, body(BODY_MAX - 1)],
  ["body of 4 MiB", 20000, {}, body(BODY_MAX)],
  ["body of 4 MiB + 1", 41301, {}, body(BODY_MAX + 1)],
  ["body of 4 MiB with all properties", 20000, {}, { ...body(BODY_MAX), ...property("p", text(16_383)) }],
  ["127 properties", 20000, {}, properties(127)],
  ["128 properties", 20000, {}, properties(128)],
  ["129 properties", 43101, {}, properties(129)],
  ["16 KiB - 1 of properties", 20000, {}, property("p", text(16_382))],
  ["16 KiB of properties", 20000, {}, property("p", text(16_383))],
  ["16 KiB + 1 of properties", 43101, {}, property("p", text(16_384))],
  ["16 KiB of one key of a property", 20000, {}, property(text(16_383))],
  ["16 KiB + 1 of one key of a property", 43101, {}, property(text(16_384))],
  ["16 KiB - 1 of properties, tag and keys", 20000, { tag: "t", keys: ["k"] }, property("p", text(16_380))],
  ["16 KiB of properties, tag and keys", 20000, { tag: "t", keys: ["k"] }, property("p", text(16_381))],
  ["16 KiB + 1 of properties, tag and keys", 43101, { tag: "t", keys: ["k"] }, property("p", text(16_382))],
  ["16 KiB of a key", 20000, { keys: [text(16_384)] }],
  ["16 KiB + 1 of a key", 43101, { keys: [text(16_385)] }],
  ["15 keys", 20000, { keys: Array.from({ length: 15 }, (_, n) => `k${n}`) }],
  ["16 keys", 20000, { keys: Array.from({ length: 16 }, (_, n) => `k${n}`) }],
  ["17 keys", 20000, { keys: Array.from({ length: 17 }, (_, n) => `k${n}`) }],
  ["a key of 126 bytes", 20000, { keys: [text(126)] }],
  ["a key of 127 bytes", 20000, { keys: [text(127)] }],
  ["a key of 128 bytes", 20000, { keys: [text(128)] }],
  ["an empty key", 20000, { keys: ["", "k"] }],
  ["a blank key", 40005, { keys: [" "] }],
  ["a control character in a key", 40005, { keys: ["a\0"] }],
  ["an empty tag", 20000, { tag: "" }],
  ["a blank tag", 40004, { tag: " " }],
  ["| in a tag", 40004, { tag: "a|b" }],
  ["a control character in a tag", 40004, { tag: "a\n" }],
  ["a second control character in a tag", 40004, { tag: "a\u0085" }],
  ["a tag of 128 bytes", 20000, { tag: text(128) }],
  ["a tag of 16,383 bytes", 20000, { tag: text(16_383), keys: [] }],
  ["a tag of 16,384 bytes", 20000, { tag: text(16_384), keys: [] }],
  ["a tag of 16,385 bytes", 43101, { tag: text(16_385), keys: [] }],
  ["an empty value of a property", 20000, {}, property("p", "")],
  ["an empty key of a property", 40007, {}, property("")],
  ["a control character in the key of a property", 40007, {}, property("a\u007f")],
  ["a control character in the value of a property", 40007, {}, property("p", "a\u007f")],
  ...[...RESERVED_PROPERTIES].map((key): Row => [`property ${key}`, 40007, {}, property(key)]),
  ["no id", 40009, { messageId: "" }],
  ["a blank id", 40009, { messageId: " " }],
  ["an id of one letter", 20000, { messageId: "x" }],
  ["no system properties", 40009, {}, { systemProperties: null }],
  ["a blank group", 40006, { messageType: FIFO, messageGroup: " " }],
  ["a group of 1 byte", 20000, { messageType: FIFO, messageGroup: "g" }],
  ["a group of 62 bytes", 20000, { messageType: FIFO, messageGroup: text(62) }],
  ["a group of 63 bytes", 20000, { messageType: FIFO, messageGroup: text(63) }],
  ["a group of 64 bytes", 40006, { messageType: FIFO, messageGroup: text(64) }],
  ["a group of 64 bytes in 32 letters", 40006, { messageType: FIFO, messageGroup: text(32, "ä") }],
  ["a control character in a group", 40006, { messageType: FIFO, messageGroup: "g\n" }],
  ["the digest of the body", 20000, digest("841A2D689AD86BD1611447453C22C6FC")],
  ["the digest of another body", 40016, digest("841A2D689AD86BD1611447453C22C6FD")],
  ["asked about after 1 h - 1 ms", 20000, recovery(3_599_999)],
  ["asked about after 1 h", 20000, recovery(3_600_000)],
  ["asked about after 1 h + 1 ms", 40000, recovery(3_600_001)],
  ["a group on a message of another type", 40014, { messageType: NORMAL, messageGroup: "g" }],
  ["a time on a message of another type", 40014, { messageType: NORMAL, deliveryTimestamp: at(0) }],
  ["a message in order without a group", 40014, { messageType: FIFO }],
  ["a delayed message without a time", 40014, { messageType: DELAY }],
  ["a message of a lite topic", 50100, { messageType: LITE, liteTopic: "l" }],
  ["a message with a priority", 20000, { messageType: PRIORITY, priority: 1 }],
];

describe("the limits of a send", () => {
  let world: GatewayWorld;

  before(async () => {
    world = await GatewayWorld.start(["a"], { segmentBytes: 16 << 20, due: { delayMsMax: DAY_MS } });
    for (const [name, type] of TOPICS) await world.createTopic({ name, type });
  });
  after(() => world.close());

  for (const [what, code, system, more] of ROWS)
    it(`${code === 20000 ? "take" : "refuse"} ${what}`, async () => {
      const response = await world.send(world.message("mixed", "body", system, more));
      expect(response.status?.code).to.equal(code);
      expect(response.entries.map(({ status }) => status?.code)).to.deep.equal(code === 20000 ? [code] : []);
    });

  it("take a time of delivery until a day ahead, and whatever is over", async () => {
    const nowMs = world.cluster.clock.nowMs();
    for (const [ms, code] of [
      [-62_135_596_800_000, 20000],
      [0, 20000],
      [nowMs - 1, 20000],
      [nowMs, 20000],
      [nowMs + 1, 20000],
      [nowMs + DAY_MS - 1_000, 20000],
      [nowMs + DAY_MS, 20000],
      [nowMs + DAY_MS + 1_000, 40012],
      [253_402_300_799_000, 40012],
      [Number.MAX_SAFE_INTEGER * 1_000, 40012],
    ] as const) {
      const system = { messageType: DELAY, deliveryTimestamp: at(ms) };
      const { status, entries } = await world.send(world.message("mixed", "body", system));
      expect([status?.code, entries[0]?.status?.code], `${ms - nowMs}`).to.deep.equal([code, code]);
    }
  });

  it("take a message where its topic's type is its own, or mixed", async () => {
    const due = at(world.cluster.clock.nowMs() + 1_000);
    for (const [topic, type] of TOPICS)
      for (const [messageType, kind, system] of [
        [NORMAL, 1, {}],
        [FIFO, 2, { messageGroup: "g" }],
        [DELAY, 3, { deliveryTimestamp: due }],
        [TRANSACTION, 4, {}],
      ] as const) {
        const { status } = await world.send(world.message(topic, "body", { messageType, ...system }));
        expect(status?.code, `${messageType} to ${topic}`).to.equal([kind, 5].includes(type) ? 20000 : 40014);
      }
  });

  it("take 1 to 128 messages of one topic", async () => {
    for (const [messageType, system] of [
      [NORMAL, {}],
      [FIFO, { messageGroup: "g" }],
    ] as const)
      for (const [count, code] of [
        [0, 40016],
        [1, 20000],
        [2, 20000],
        [127, 20000],
        [128, 20000],
        [129, 40000],
      ] as const) {
        const messages = Array.from({ length: count }, () =>
          world.message("mixed", "body", { messageType, ...system }),
        );
        const { status, entries } = await world.send(...messages);
        expect([status?.code, entries.length], `${count}`).to.deep.equal([code, code === 20000 ? count : 0]);
      }
    const { status } = await world.send(world.message("mixed", "body"), world.message("normal", "body"));
    expect(status?.code).to.equal(40016);
  });

  it("refuse a topic that is not there, in the words of RocketMQ", async () => {
    const { status } = await world.send(world.message("nowhere", "body"));
    expect(status?.code).to.equal(40402);
    expect(status?.message).to.match(/No topic route info in name server for the topic: nowhere$/);
  });

  it("refuse a decision about no transaction", async () => {
    for (const [transactionId, code] of [
      ["", 40008],
      [" ", 40008],
      ["x", 40008],
    ] as const) {
      const request = { topic: { name: "mixed" }, transactionId, messageId: "x", resolution: 1 } as const;
      expect((await world.ask(MESSAGING.endTransaction, request)).status?.code).to.equal(code);
    }
  });
});

const TOPICS = [
  ["normal", 1],
  ["order", 2],
  ["later", 3],
  ["money", 4],
  ["mixed", 5],
] as const;

function digest(checksum: string): SystemProperties {
  return { bodyDigest: { type: MD5, checksum } };
}

function at(ms: number) {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: (ms - seconds * 1_000) * 1e6 };
}
