import { expect } from "chai";
import fc from "fast-check";
import type { Message, Message__Output } from "../../../proto/gen/logwheel/v1/Message.js";
import { Envelope, scanMessage } from "../../../proto/kernel/envelope.js";
import { type ErrorCode, LogwheelError } from "../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { MESSAGE_LIMITS } from "../../../proto/kernel/limits.js";
import {
  encodedMessageSize,
  keysOf,
  type MessageContent,
  type MessageInput,
  readMessage,
  ttlOf,
  writeMessage,
} from "../../../proto/kernel/message-codec.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { message } from "../../support/message-arbitraries.js";

const library = protoCodec<Message, Message__Output>("logwheel.v1.Message");

function encode(input: MessageInput): Buffer {
  const bytes = Buffer.alloc(encodedMessageSize(input));
  expect(writeMessage(input, bytes, 0)).to.equal(bytes.length);
  return bytes;
}

/** As data, whatever class or prototype it has. */
function plain(content: MessageContent | Message__Output): object {
  const { body, tag, keys, orderingKey, properties, bornAtMs, bornHost, encoding, ttlMs } = content;
  return {
    body: Buffer.from(body).toString("hex"),
    tag,
    keys: [...keys],
    orderingKey,
    properties: Object.entries(properties).sort(([a], [b]) => (a < b ? -1 : 1)),
    bornAtMs,
    bornHost,
    encoding,
    ttlMs,
  };
}

function filled(input: MessageInput): Message {
  const { body, keys, properties, ...rest } = input;
  return {
    ...rest,
    body: Buffer.from(body),
    keys: [...(keys ?? [])],
    properties: { ...properties },
  } as Message;
}

describe("message codec", () => {
  it("writes what the library reads and reads what the library writes", () => {
    fc.assert(
      fc.property(message, (input) => {
        const ours = encode(input);
        const theirs = library.encode(filled(input));
        const expected = plain(library.decode(theirs));
        expect(plain(library.decode(ours))).to.deep.equal(expected);
        expect(plain(readMessage(theirs, 0, theirs.length))).to.deep.equal(expected);
        expect(plain(readMessage(ours, 0, ours.length))).to.deep.equal(expected);
      }),
      { numRuns: 1500 },
    );
  });

  it("reads a message in the middle of other bytes, fields in any order, unknown ones between", () => {
    const unknown = [
      "8001ffffffffffffffffff01",
      "81010102030405060708",
      "820103616263",
      "850101020304",
      "830108018401",
    ];
    fc.assert(
      fc.property(message, fc.shuffledSubarray(unknown), fc.nat(30), (input, extra, start) => {
        const known = encode(input);
        const fields = [...split(known).reverse(), ...extra.map((hex) => Buffer.from(hex, "hex"))];
        const mixed = Buffer.concat([Buffer.alloc(start, 0xff), ...fields, Buffer.alloc(5, 0xff)]);
        const read = readMessage(mixed, start, mixed.length - 5);
        const keys = [...(input.keys ?? [])].reverse();
        expect(plain(read)).to.deep.equal(plain(library.decode(library.encode({ ...filled(input), keys }))));
        expect(keysOf(mixed, start, mixed.length - 5)).to.deep.equal(read.keys);
        expect(ttlOf(mixed, start, mixed.length - 5)).to.equal(read.ttlMs);
      }),
    );
  });

  it("keeps property names that are special to JavaScript, and Object.prototype as it was", () => {
    const properties = JSON.parse('{"__proto__":"a","constructor":"b","toString":"c"}') as Record<
      string,
      string
    >;
    const bytes = encode({ body: Buffer.from("x"), properties });
    const read = readMessage(bytes, 0, bytes.length);
    expect(Object.entries(read.properties)).to.deep.equal(Object.entries(properties));
    expect(Object.getPrototypeOf(read.properties)).to.equal(Object.prototype);
    expect(({} as Record<string, unknown>)["a"]).to.equal(undefined);
  });

  it("gives bodies as views of the bytes that were read", () => {
    const bytes = encode({ body: Buffer.from("hello"), tag: "t" });
    const { body } = readMessage(bytes, 0, bytes.length);
    expect(body.toString()).to.equal("hello");
    expect(body.buffer).to.equal(bytes.buffer);
  });
});

/** The top-level fields of a message, of which every one is a block or a number. */
function split(bytes: Buffer): Buffer[] {
  const fields: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const start = at;
    const block = (bytes[at++]! & 7) === 2;
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    if (block) at += value;
    fields.push(bytes.subarray(start, at));
  }
  return fields;
}

describe("scanMessage", () => {
  const envelope = new Envelope();

  function scan(input: MessageInput): Envelope {
    const bytes = Buffer.concat([Buffer.alloc(3), encode(input)]);
    scanMessage(bytes, 3, bytes.length, envelope);
    return envelope;
  }

  function refused(input: MessageInput): ErrorCode {
    try {
      scan(input);
    } catch (thrown) {
      if (LogwheelError.is(thrown)) return thrown.code;
      throw thrown;
    }
    throw new Error("it was taken");
  }

  const body = Buffer.from("body");

  it("finds places, sizes and hashes without decoding", () => {
    const found = scan({
      body,
      tag: "TagA",
      keys: ["k1", "k2"],
      orderingKey: "customer-7",
      properties: { a: "12", bc: "é" },
      bornAtMs: 1_900_000_000_000,
      bornHost: "10.0.0.1",
    });
    expect(found.bodyBytes).to.equal(4);
    expect(found.tagHash).to.equal(fnv1aOf("TagA"));
    expect(found.tagEnd - found.tagStart).to.equal(4);
    expect(found.keyHash).to.equal(fnv1aOf("customer-7"));
    expect(found.keyEnd - found.keyStart).to.equal(10);
    expect(found.hasKeys).to.equal(true);
    expect(found.keyCount).to.equal(2);
    expect(found.propertyCount).to.equal(2);
    expect(found.propertyBytes).to.equal(7);
    expect(found.bornAtMs).to.equal(1_900_000_000_000);
  });

  it("forgets the message before", () => {
    scan({ body, tag: "t", keys: ["k"], orderingKey: "o", properties: { a: "b" } });
    const { tagHash, keyHash, hasKeys, propertyCount, tagEnd } = scan({ body });
    expect({ tagHash, keyHash, hasKeys, propertyCount, tagEnd }).to.deep.equal({
      tagHash: 0,
      keyHash: 0,
      hasKeys: false,
      propertyCount: 0,
      tagEnd: 0,
    });
  });

  const times = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`);
  const properties = (count: number): Record<string, string> =>
    Object.fromEntries(times(count).map((name) => [name, "v"]));
  const LIMITS: readonly {
    readonly what: string;
    readonly max: number;
    readonly code: ErrorCode;
    readonly make: (size: number) => MessageInput;
  }[] = [
    {
      what: "bytes of body",
      max: MESSAGE_LIMITS.bodyBytesMax,
      code: "MESSAGE_TOO_LARGE",
      make: (size) => ({ body: Buffer.alloc(size, 1) }),
    },
    {
      what: "bytes of tag",
      max: 16 << 10,
      code: "MESSAGE_TOO_LARGE",
      make: (n) => ({ body, tag: "t".repeat(n) }),
    },
    { what: "keys", max: 16, code: "BAD_REQUEST", make: (n) => ({ body, keys: times(n) }) },
    {
      what: "bytes of a key",
      max: 127,
      code: "MESSAGE_TOO_LARGE",
      make: (n) => ({ body, keys: ["k".repeat(n)] }),
    },
    {
      what: "bytes of ordering key",
      max: 63,
      code: "MESSAGE_TOO_LARGE",
      make: (n) => ({ body, orderingKey: "o".repeat(n) }),
    },
    { what: "properties", max: 128, code: "BAD_REQUEST", make: (n) => ({ body, properties: properties(n) }) },
    {
      what: "bytes of properties",
      max: 16 << 10,
      code: "MESSAGE_TOO_LARGE",
      make: (n) => ({ body, properties: { name: "v".repeat(n - 4) } }),
    },
    {
      what: "bytes of properties in two",
      max: 16 << 10,
      code: "MESSAGE_TOO_LARGE",
      make: (n) => ({ body, properties: { a: "v".repeat(n - 102), b: "v".repeat(100) } }),
    },
    {
      what: "bytes of born host",
      max: 255,
      code: "MESSAGE_TOO_LARGE",
      make: (n) => ({ body, bornHost: "h".repeat(n) }),
    },
  ];

  for (const { what, max, code, make } of LIMITS)
    it(`takes ${max} ${what} and one less, and refuses one more`, () => {
      scan(make(max - 1));
      scan(make(max));
      expect(refused(make(max + 1))).to.equal(code);
    });

  it("counts bytes of UTF-8, not characters", () => {
    scan({ body, tag: "é".repeat(8 << 10) });
    expect(refused({ body, tag: "é".repeat((8 << 10) + 1) })).to.equal("MESSAGE_TOO_LARGE");
  });

  it("refuses an empty body, empty keys, bars in tags and control characters", () => {
    expect(refused({ body: Buffer.alloc(0) })).to.equal("BAD_REQUEST");
    expect(refused({ body, keys: [""] })).to.equal("BAD_REQUEST");
    expect(refused({ body, tag: "a || b" })).to.equal("BAD_REQUEST");
    scan({ body, tag: "a | b|" });
    for (const control of ["\0", "\n", "\x1f", "\x7f"]) {
      expect(refused({ body, tag: `a${control}` })).to.equal("BAD_REQUEST");
      expect(refused({ body, keys: [control] })).to.equal("BAD_REQUEST");
      expect(refused({ body, orderingKey: control })).to.equal("BAD_REQUEST");
      expect(refused({ body, properties: { [control]: "v" } })).to.equal("BAD_REQUEST");
      expect(refused({ body, properties: { n: control } })).to.equal("BAD_REQUEST");
      expect(refused({ body, bornHost: control })).to.equal("BAD_REQUEST");
    }
  });

  it("names what is wrong in plain English", () => {
    expect(() => scan({ body, orderingKey: "\n" })).to.throw("an ordering key has a control character (10)");
    expect(() => scan({ body, tag: "\n" })).to.throw("a tag has a control character (10)");
  });

  it("refuses text that is no UTF-8", () => {
    const bytes = Buffer.from("0a0178120280c0", "hex");
    expect(() => scanMessage(bytes, 0, bytes.length, envelope))
      .to.throw(LogwheelError)
      .with.property("code", "BAD_REQUEST");
  });

  it("refuses what clients of RocketMQ could not read: texts that are none, and a block that is cut off", () => {
    const start = encode({ body });
    const scan = (block: readonly number[]): void => {
      const bytes = Buffer.concat([start, Buffer.from([15 * 8 + 2, block.length, ...block])]);
      scanMessage(bytes, 0, bytes.length, new Envelope());
    };
    for (const field of [1, 2, 3]) {
      const tag = field * 8 + 2;
      expect(() => scan([tag, 2, 0xc3, 0xbc])).to.not.throw();
      expect(() => scan([tag, 1, 0xfc])).to.throw("a text of a client of RocketMQ is not valid UTF-8");
      expect(() => scan([tag, 2, 0x61])).to.throw("a block is longer than what holds it");
    }
    expect(() => scan([4 * 8, 3, 5 * 8 + 2, 1, 0xfc])).to.not.throw();
  });

  it("refuses a message whose unknown fields make it too large", () => {
    const head = Buffer.from("0a017862", "hex");
    const filler = Buffer.alloc(MESSAGE_LIMITS.messageBytesMax + (16 << 10));
    const length = Buffer.from("80808802", "hex");
    const bytes = Buffer.concat([head, length, filler]);
    expect(() => scanMessage(bytes, 0, bytes.length, envelope))
      .to.throw(LogwheelError)
      .with.property("code", "MESSAGE_TOO_LARGE");
  });

  it("agrees with the reader on every message that it takes", () => {
    fc.assert(
      fc.property(message, (input) => {
        const bytes = encode(input);
        try {
          scanMessage(bytes, 0, bytes.length, envelope);
        } catch (thrown) {
          expect(LogwheelError.is(thrown)).to.equal(true);
          return;
        }
        const read = readMessage(bytes, 0, bytes.length);
        const at = (start: number, end: number): string => bytes.toString("utf8", start, end);
        expect(at(envelope.tagStart, envelope.tagEnd)).to.equal(read.tag);
        expect(envelope.tagHash).to.equal(fnv1aOf(read.tag));
        expect(at(envelope.keyStart, envelope.keyEnd)).to.equal(read.orderingKey);
        expect(envelope.keyHash).to.equal(fnv1aOf(read.orderingKey));
        expect(envelope.keyCount).to.equal(read.keys.length);
        expect(envelope.bodyBytes).to.equal(read.body.length);
        expect(envelope.propertyCount).to.equal(Object.keys(read.properties).length);
        expect(envelope.bornAtMs).to.equal(read.bornAtMs);
      }),
    );
  });
});
