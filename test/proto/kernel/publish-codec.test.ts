import { expect } from "chai";
import fc from "fast-check";
import type {
  PublishRequest,
  PublishRequest__Output,
} from "../../../proto/gen/logwheel/v1/PublishRequest.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../../proto/kernel/message-codec.js";
import { protoCodec } from "../../../proto/kernel/proto-codec.js";
import { EntryReader, PublishFrame } from "../../../proto/kernel/publish-codec.js";
import { message, text, uint32, uint64 } from "../../support/message-arbitraries.js";

const library = protoCodec<PublishRequest, PublishRequest__Output>("logwheel.v1.PublishRequest");

const entry = fc.record({
  topicName: text,
  queueId: fc.option(fc.nat(2 ** 31), { nil: undefined }),
  sequence: uint64,
  after: uint64,
  more: fc.boolean(),
  message,
});
const head = fc.record({ frame: uint64, producerId: uint64, settledBelow: uint64 });

type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

function encodedMessage(input: MessageInput): Buffer {
  const bytes = Buffer.alloc(encodedMessageSize(input));
  writeMessage(input, bytes, 0);
  return bytes;
}

function build(
  frame: PublishFrame,
  entries: readonly Entry[],
  numbers: Parameters<PublishFrame["finish"]>[0],
): Buffer {
  frame.begin();
  for (const { topicName, ...rest } of entries) frame.add({ ...rest, topicIndex: frame.topic(topicName) });
  return frame.finish(numbers);
}

/** What a reader says of a frame. */
function readAll(bytes: Buffer): object {
  const reader = new EntryReader();
  reader.reset(bytes);
  const { frame, producerId, settledBelow, count } = reader;
  const entries: object[] = [];
  while (reader.next())
    entries.push({
      index: reader.index,
      topicName: reader.topics[reader.topic],
      queue: reader.queue,
      sequence: reader.sequence,
      after: reader.after,
      more: reader.more,
      message: reader.bytes.toString("hex", reader.messageStart, reader.messageEnd),
    });
  return { frame, producerId, settledBelow, count, entries };
}

describe("publish codec", () => {
  it("builds frames that the library and the entry reader read alike, in a buffer that is used again", () => {
    const frame = new PublishFrame(16);
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 6 }), head, (entries, numbers) => {
        const bytes = build(frame, entries, numbers);
        expect(frame.count).to.equal(entries.length);
        expect(frame.byteLength).to.equal(bytes.length);
        const theirs = library.decode(bytes);
        expect(theirs.topics.length).to.equal(new Set(entries.map(({ topicName }) => topicName)).size);
        expect(
          theirs.entries.map(({ topic, queue, sequence, after, more, message: m }) => ({
            topicName: theirs.topics[topic],
            queue,
            sequence,
            after,
            more,
            body: m?.body.toString("hex"),
          })),
        ).to.deep.equal(
          entries.map(({ topicName, queueId, sequence, after, more, message: m }) => ({
            topicName,
            queue: queueId === undefined ? 0 : queueId + 1,
            sequence,
            after,
            more,
            body: Buffer.from(m.body).toString("hex"),
          })),
        );
        expect(readAll(bytes)).to.deep.equal({
          ...numbers,
          count: entries.length,
          entries: entries.map((e, index) => ({
            index,
            topicName: e.topicName,
            queue: e.queueId === undefined ? 0 : e.queueId + 1,
            sequence: e.sequence,
            after: e.after,
            more: e.more,
            message: encodedMessage(e.message).toString("hex"),
          })),
        });
      }),
      { numRuns: 500 },
    );
  });

  it("reads frames of other encoders", () => {
    const request = fc.record({
      frame: uint64,
      producerId: uint64,
      settledBelow: uint64,
      topics: fc.array(text, { minLength: 1, maxLength: 4 }),
      entries: fc.array(
        fc.record({
          queue: uint32,
          sequence: uint64,
          after: uint64,
          more: fc.boolean(),
          body: fc.uint8Array({ minLength: 1 }),
        }),
      ),
    });
    fc.assert(
      fc.property(request, fc.nat(), ({ entries, ...rest }, pick) => {
        const topic = pick % rest.topics.length;
        const bytes = library.encode({
          ...rest,
          entries: entries.map(({ body, ...e }) => ({ ...e, topic, message: { body: Buffer.from(body) } })),
        });
        const { frame, producerId, settledBelow } = rest;
        expect(readAll(bytes)).to.deep.equal({
          frame,
          producerId,
          settledBelow,
          count: entries.length,
          entries: entries.map(({ body, ...e }, index) => ({
            ...e,
            index,
            topicName: rest.topics[topic],
            message: encodedMessage({ body }).toString("hex"),
          })),
        });
      }),
    );
  });

  it("goes on behind an entry that is malformed", () => {
    const good = "2a0532030a0178";
    const bytes = Buffer.from(`220174${good}2a00${good}2a03320aff${good}`, "hex");
    const reader = new EntryReader();
    reader.reset(bytes);
    const seen: string[] = [];
    for (let more = true; more; ) {
      try {
        more = reader.next();
        if (more) seen.push(`${reader.index}`);
      } catch (thrown) {
        expect(LogwheelError.is(thrown, "BAD_REQUEST")).to.equal(true);
        seen.push(`bad ${reader.index}`);
      }
    }
    expect(seen).to.deep.equal(["0", "bad 1", "2", "bad 3", "4"]);
    expect(reader.count).to.equal(5);
  });

  it("refuses an entry without a message, with two, or of a topic that is not named", () => {
    for (const hex of ["2a00", "220174" + "2a0a32030a017832030a0178", "220174" + "2a07080132030a0178"]) {
      const reader = new EntryReader();
      reader.reset(Buffer.from(hex, "hex"));
      expect(() => reader.next())
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
    }
  });

  it("refuses a frame that names too many topics, or fields of another type", () => {
    const reader = new EntryReader();
    for (const bytes of [
      Buffer.alloc(2 * 16_385, Buffer.from("2200", "hex")),
      Buffer.from("0a00", "hex"),
      Buffer.from("2801", "hex"),
    ])
      expect(() => reader.reset(bytes))
        .to.throw(LogwheelError)
        .with.property("code", "BAD_REQUEST");
  });

  it("refuses to build a frame with numbers that no reader takes", () => {
    const frame = new PublishFrame();
    frame.begin();
    expect(() => frame.finish({ frame: 2 ** 53, producerId: 0, settledBelow: 0 }))
      .to.throw(LogwheelError)
      .with.property("code", "BAD_REQUEST");
  });
});
