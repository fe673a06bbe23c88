import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { expect } from "chai";
import type { Message } from "../../../proto/gen/apache/rocketmq/v2/Message.js";
import type { SystemProperties } from "../../../proto/gen/apache/rocketmq/v2/SystemProperties.js";
import { digestOf, messageRefusal, nativeMessage } from "../../../server/gateway/message-in.js";
import { RESERVED_PROPERTIES } from "../../../server/gateway/reserved-properties.js";
import { heard, MESSAGE_ID, scanned } from "./rocketmq-message.js";

const [NORMAL, FIFO, DELAY, TRANSACTION, LITE] = [1, 2, 3, 4, 5] as const;
const [CRC32, MD5, SHA1] = [1, 2, 3] as const;
const [UNSPECIFIED, IDENTITY, GZIP] = [0, 1, 2] as const;
const BODY_MAX = 4 << 20;
const DUE = { seconds: 1_893_456_000, nanos: 123_000_000 };
const CONTROLS = ["\0", "\u0001", "\t", "\n", "\u001f", "\u007f", "\u0080", "\u009f"];

describe("a message that comes in", () => {
  it("is taken with what a producer gives it", () => {
    expect(codeOf({ tag: "paid", keys: ["a", "b"] }, { userProperties: { color: "red" } })).to.equal(
      undefined,
    );
  });

  it("is refused without system properties", () => {
    expect(codeOf({}, { systemProperties: null })).to.equal(40009);
  });

  it("has a body of one byte to the limit", () => {
    expect(codeOf({}, { body: Buffer.alloc(0) })).to.equal(41302);
    expect(codeOf({}, { body: Buffer.alloc(1) })).to.equal(undefined);
    expect(codeOf({}, { body: Buffer.alloc(BODY_MAX - 1) })).to.equal(undefined);
    expect(codeOf({}, { body: Buffer.alloc(BODY_MAX) })).to.equal(undefined);
    expect(codeOf({}, { body: Buffer.alloc(BODY_MAX + 1) })).to.equal(41301);
  });

  it("has a body as large as this server takes", () => {
    for (const [size, code] of [
      [9, undefined],
      [10, undefined],
      [11, 41301],
    ] as const)
      expect(messageRefusal(heard({}, { body: Buffer.alloc(size) }), { bodyMax: 10 })?.code).to.equal(code);
  });

  it("has up to 128 properties", () => {
    for (const count of [0, 127, 128]) expect(codeOf({}, properties(count))).to.equal(undefined);
    expect(codeOf({}, properties(129))).to.equal(43101);
  });

  it("has up to 16 KiB of properties, tag and keys together", () => {
    for (const [length, code] of [
      [16_374, undefined],
      [16_375, undefined],
      [16_376, 43101],
    ] as const) {
      const more = { userProperties: { abc: "x".repeat(length) } };
      expect(codeOf({ tag: "tag", keys: ["k", "l", "m"] }, more), `${length} + 9`).to.equal(code);
      const other = { userProperties: { ["x".repeat(length)]: "abcd" } };
      expect(codeOf({ tag: "tag", keys: ["kl"] }, other), `${length} + 9`).to.equal(code);
    }
  });

  it("has properties that are counted in bytes", () => {
    expect(codeOf({}, { userProperties: { k: `x${"ä".repeat(8_191)}` } })).to.equal(undefined);
    expect(codeOf({}, { userProperties: { k: "ä".repeat(8_192) } })).to.equal(43101);
    expect(codeOf({ tag: "ä", keys: ["x".repeat(16_382)] })).to.equal(undefined);
    expect(codeOf({ tag: "ä", keys: ["x".repeat(16_383)] })).to.equal(43101);
    expect(codeOf({ keys: ["ä".repeat(8_192), "k"] })).to.equal(43101);
  });

  it("has no property without a key, with a control character in it, or of the system", () => {
    for (const key of ["", ...CONTROLS, "a\0b", "UNIQ_KEY", "TAGS", "KEYS", "__CRC32#", "TIMER_OUT_MS"])
      expect(codeOf({}, { userProperties: { fine: "", [key]: "x" } }), JSON.stringify(key)).to.equal(40007);
    for (const key of RESERVED_PROPERTIES)
      expect(codeOf({}, { userProperties: { [key]: "x" } }), key).to.equal(40007);
    for (const key of [" ", "uniq_key", "UNIQ_KEY_", "a b", "ä", "|"])
      expect(codeOf({}, { userProperties: { [key]: "" } }), key).to.equal(undefined);
  });

  it("has no property whose value has a control character", () => {
    for (const value of [...CONTROLS, "a\0", "\nb"])
      expect(codeOf({}, { userProperties: { fine: "", p: value } }), JSON.stringify(value)).to.equal(40007);
    for (const value of ["", " ", "\u00a0", "ä", "|", "UNIQ_KEY"])
      expect(codeOf({}, { userProperties: { p: value } }), value).to.equal(undefined);
  });

  it("has no blank tag, and none with | or control characters", () => {
    for (const tag of [" ", "\u3000", "|", "a|b", "a||", ...CONTROLS, "a\nb"])
      expect(codeOf({ tag }), JSON.stringify(tag)).to.equal(40004);
    for (const tag of ["", "a", "a b", "*", "ä", "日"]) expect(codeOf({ tag }), tag).to.equal(undefined);
  });

  it("has no blank key, and none with control characters", () => {
    for (const key of [" ", "\u3000", ...CONTROLS, "a\0"])
      expect(codeOf({ keys: ["fine", key] }), JSON.stringify(key)).to.equal(40005);
    for (const key of ["", "a", "a b", "a|b", "日"]) expect(codeOf({ keys: [key] }), key).to.equal(undefined);
  });

  it("has an id", () => {
    for (const messageId of ["", " "]) expect(codeOf({ messageId })).to.equal(40009);
    expect(codeOf({ messageId: "x" })).to.equal(undefined);
  });

  it("has a group of 1 to 63 bytes without control characters", () => {
    for (const messageGroup of [" ", "\u009f", "x".repeat(64), "ä".repeat(32), "a\n", "\u007fa"])
      expect(codeOf({ messageType: FIFO, messageGroup }), messageGroup).to.equal(40006);
    for (const messageGroup of ["x", "x".repeat(62), "x".repeat(63), `x${"ä".repeat(31)}`])
      expect(codeOf({ messageType: FIFO, messageGroup }), messageGroup).to.equal(undefined);
  });

  it("has no group when that is empty", () => {
    expect(codeOf({ messageType: NORMAL, messageGroup: "" })).to.equal(undefined);
    expect(codeOf({ messageType: FIFO, messageGroup: "" })).to.equal(40014);
  });

  it("is of no lite topic", () => {
    expect(codeOf({ messageType: LITE, liteTopic: "x" })).to.equal(50100);
  });

  it("is asked about after an hour at most", () => {
    for (const [seconds, nanos, code] of [
      [3_599, 999_000_000, undefined],
      [3_600, 0, undefined],
      [3_600, 1_000_000, 40000],
    ] as const) {
      const orphanedTransactionRecoveryDuration = { seconds, nanos };
      expect(codeOf({ messageType: TRANSACTION, orphanedTransactionRecoveryDuration })).to.equal(code);
    }
  });

  it("has a group and a time of delivery as its type says", () => {
    const group = { messageGroup: "g" };
    const due = { deliveryTimestamp: DUE };
    for (const [messageType, plain, grouped, timed] of [
      [UNSPECIFIED, undefined, 40014, 40014],
      [NORMAL, undefined, 40014, 40014],
      [FIFO, 40014, undefined, 40014],
      [DELAY, 40014, 40014, undefined],
      [TRANSACTION, undefined, undefined, undefined],
    ] as const) {
      expect(codeOf({ messageType }), `plain ${messageType}`).to.equal(plain);
      expect(codeOf({ messageType, ...group }), `group of ${messageType}`).to.equal(grouped);
      expect(codeOf({ messageType, ...due }), `time of ${messageType}`).to.equal(timed);
    }
  });
});

describe("the digest of a message that comes in", () => {
  const body = Buffer.from("body");
  const crc = crc32(body);

  it("is upper-case hex", () => {
    expect(digestOf("md5", body)).to.equal("841A2D689AD86BD1611447453C22C6FC");
    expect(digestOf("sha1", body)).to.equal(createHash("sha1").update(body).digest("hex").toUpperCase());
  });

  it("fits in whatever way a client writes it", () => {
    const hex = crc.toString(16);
    for (const checksum of [hex, hex.toUpperCase(), hex.padStart(8, "0"), `000${hex}`, String(crc)])
      expect(codeOf({ bodyDigest: { type: CRC32, checksum } }), checksum).to.equal(undefined);
    for (const write of [(text: string) => text, (text: string) => text.toLowerCase()]) {
      expect(codeOf({ bodyDigest: { type: MD5, checksum: write(digestOf("md5", body)) } })).to.equal(
        undefined,
      );
      expect(codeOf({ bodyDigest: { type: SHA1, checksum: write(digestOf("sha1", body)) } })).to.equal(
        undefined,
      );
    }
  });

  it("is refused when it is another body's", () => {
    const other = Buffer.from("bodz");
    for (const [type, checksum] of [
      [CRC32, crc32(other).toString(16)],
      [CRC32, String(crc32(other))],
      [MD5, digestOf("md5", other)],
      [SHA1, digestOf("sha1", other)],
      [MD5, digestOf("sha1", body)],
      [SHA1, "0"],
    ] as const)
      expect(codeOf({ bodyDigest: { type, checksum } }), checksum).to.equal(40016);
  });

  it("is not looked at when it is empty or of an unknown kind", () => {
    for (const bodyDigest of [null, { type: MD5, checksum: "" }, { type: 0, checksum: "FF" }] as const)
      expect(codeOf({ bodyDigest })).to.equal(undefined);
  });
});

describe("a message of RocketMQ as logwheel has it", () => {
  it("is empty where nothing was given", () => {
    expect(nativeMessage(heard(), "group")).to.deep.equal({
      body: Buffer.from("body"),
      tag: "",
      keys: [],
      orderingKey: "",
      properties: {},
      bornAtMs: 0,
      bornHost: "",
      encoding: 0,
      deliverAtMs: 0,
      producerGroup: "",
      rocketmq: { messageId: MESSAGE_ID, traceContext: "", furtherKeys: [] },
    });
  });

  it("has 16 keys to be found by; further ones come after", () => {
    for (const [count, indexed] of [
      [15, 15],
      [16, 16],
      [17, 16],
      [40, 16],
    ] as const) {
      const keys = Array.from({ length: count }, (_, index) => `k${index}`);
      const native = nativeMessage(heard({ keys }), "");
      expect(native.keys).to.deep.equal(keys.slice(0, indexed));
      expect(native.rocketmq?.furtherKeys).to.deep.equal(keys.slice(indexed));
    }
  });

  it("has no empty keys", () => {
    const native = nativeMessage(heard({ keys: ["", "k", "", "l"] }), "");
    expect(native.keys).to.deep.equal(["k", "l"]);
    expect(native.rocketmq?.furtherKeys).to.deep.equal([]);
  });

  it("is found by keys of up to 127 bytes", () => {
    const [fits, also, long, wide] = ["x".repeat(126), "x".repeat(127), "x".repeat(128), "ä".repeat(64)];
    const native = nativeMessage(heard({ keys: [long!, fits!, wide!, also!] }), "");
    expect(native.keys).to.deep.equal([fits, also]);
    expect(native.rocketmq?.furtherKeys).to.deep.equal([long, wide]);
  });

  it("is a half of its producers' group under the broker's id", () => {
    const native = nativeMessage(heard({ messageType: TRANSACTION }), "group");
    expect(native.producerGroup).to.equal("group");
    expect(native.rocketmq?.messageId).to.equal("");
  });

  it("is encoded only when it says gzip", () => {
    for (const [bodyEncoding, encoding] of [
      [UNSPECIFIED, 0],
      [IDENTITY, 0],
      [GZIP, 2],
    ] as const)
      expect(nativeMessage(heard({ bodyEncoding }), "").encoding).to.equal(encoding);
  });

  it("is delivered at its time, which may lie before all others", () => {
    for (const [seconds, nanos, ms] of [
      [1_893_456_000, 123_000_000, 1_893_456_000_123],
      [0, 2_000_000, 2],
      [0, 1_000_000, 1],
      [0, 0, 1],
      [-5, 0, 1],
    ] as const) {
      const delayed = heard({ messageType: DELAY, deliveryTimestamp: { seconds, nanos } });
      expect(nativeMessage(delayed, "").deliverAtMs).to.equal(ms);
    }
  });

  it("is taken by a broker when it is at every limit", () => {
    const system = {
      tag: "x".repeat(8_000),
      keys: [...Array.from({ length: 20 }, () => "k".repeat(127)), "k".repeat(1_000)],
      messageType: TRANSACTION,
      messageGroup: "g".repeat(63),
      deliveryTimestamp: { seconds: -1, nanos: 0 },
      bornHost: "日".repeat(300),
    };
    const more = { ...properties(128), body: Buffer.alloc(BODY_MAX) };
    expect(codeOf(system, more)).to.equal(undefined);
    const envelope = scanned(nativeMessage(heard(system, more), "p".repeat(120)));
    expect(envelope).to.include({ bodyBytes: BODY_MAX, keyCount: 16, propertyCount: 128, deliverAtMs: 1 });
  });

  it("names no more of its host than a broker takes", () => {
    for (const letter of ["x", "日"])
      for (const length of [84, 85, 86, 300]) {
        const { bornHost = "" } = nativeMessage(heard({ bornHost: letter.repeat(length) }), "");
        expect(bornHost).to.equal(letter.repeat(Math.min(length, 85)));
        expect(Buffer.byteLength(bornHost)).to.be.at.most(255);
      }
  });

  it("keeps a priority of 0, and has none when none was given", () => {
    expect(nativeMessage(heard({ priority: 0 }), "").rocketmq).to.have.property("priority", 0);
    expect(nativeMessage(heard(), "").rocketmq).to.not.have.property("priority");
  });
});

function codeOf(system: SystemProperties, more: Message = {}): number | string | undefined {
  return messageRefusal(heard(system, more), { bodyMax: BODY_MAX })?.code;
}

function properties(count: number): Message {
  return {
    userProperties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`p${index}`, "v"])),
  };
}
