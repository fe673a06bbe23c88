import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import {
  FRAME_HEAD_BYTES,
  FramePool,
  FrameReader,
  writeFrameHead,
} from "../../../proto/kernel/grpc-frames.js";

function framed(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(FRAME_HEAD_BYTES + message.length);
  writeFrameHead(frame, message.length);
  frame.set(message, FRAME_HEAD_BYTES);
  return frame;
}

function readAll(reader: FrameReader, chunk: Buffer): Buffer[] {
  reader.push(chunk);
  const messages: Buffer[] = [];
  for (let message = reader.next(); message !== null; message = reader.next()) messages.push(message);
  return messages;
}

function codeOf(run: () => unknown): string {
  try {
    run();
    return "none";
  } catch (thrown) {
    return LogwheelError.from(thrown).code;
  }
}

describe("frames of gRPC", () => {
  it("are the messages that were written, however the bytes are cut", () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        (messages, cuts) => {
          const bytes = Buffer.concat(messages.map(framed));
          const reader = new FrameReader(300);
          const found: Buffer[] = [];
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const end = at + cuts[turn % cuts.length]!;
            found.push(...readAll(reader, bytes.subarray(at, end)));
            at = end;
          }
          expect(found.map((message) => message.toString("hex"))).to.deep.equal(
            messages.map((message) => Buffer.from(message).toString("hex")),
          );
        },
      ),
    );
  });

  it("within one chunk are views of it", () => {
    const chunk = framed(Buffer.from("hello"));
    const [message] = readAll(new FrameReader(10), chunk);
    chunk[FRAME_HEAD_BYTES] = "j".charCodeAt(0);
    expect(message!.toString()).to.equal("jello");
  });

  it("that wait for their rest keep nothing of a chunk of which they are little", () => {
    const whole = framed(Buffer.from("hello"));
    const chunk = Buffer.concat([whole.subarray(0, 8), Buffer.alloc(1_000)]);
    const behind = Buffer.from(chunk);
    const reader = new FrameReader(10);
    reader.push(chunk.subarray(0, 8));
    reader.keep();
    reader.push(whole.subarray(8));
    reader.push(behind.subarray(0, 8));
    reader.keep();
    chunk.fill(0);
    behind.fill(0);
    expect(reader.next()!.toString()).to.equal("hello");
    expect(readAll(reader, whole.subarray(8))[0]!.toString()).to.equal("hello");
    const twice = Buffer.concat([whole.subarray(0, 8), Buffer.alloc(1_000)]);
    expect(readAll(reader, twice.subarray(0, 7))).to.deep.equal([]);
    expect(readAll(reader, twice.subarray(7, 8))).to.deep.equal([]);
    reader.keep();
    twice.fill(0);
    expect(readAll(reader, whole.subarray(8))[0]!.toString()).to.equal("hello");
    const part = Buffer.concat([whole.subarray(0, 8), Buffer.alloc(1_000)]);
    expect(readAll(reader, part.subarray(0, 8))).to.deep.equal([]);
    reader.keep();
    part.fill(0);
    expect(readAll(reader, whole.subarray(8))[0]!.toString()).to.equal("hello");
  });

  it("are refused by their head when they are too large or compressed", () => {
    expect(readAll(new FrameReader(5), framed(Buffer.alloc(5))).length).to.equal(1);
    const large = framed(Buffer.alloc(6)).subarray(0, FRAME_HEAD_BYTES);
    expect(codeOf(() => readAll(new FrameReader(5), large))).to.equal("MESSAGE_TOO_LARGE");
    const compressed = framed(Buffer.alloc(5));
    compressed[0] = 1;
    expect(codeOf(() => readAll(new FrameReader(5), compressed))).to.equal("UNSUPPORTED_VERSION");
  });

  it("may come while some of the chunk before are left", () => {
    const reader = new FrameReader(10);
    reader.push(Buffer.concat([framed(Buffer.from("a")), framed(Buffer.from("b"))]));
    expect(reader.next()!.toString()).to.equal("a");
    expect(reader.unread).to.equal(true);
    reader.push(framed(Buffer.from("c")));
    const rest = [reader.next()!.toString(), reader.next()!.toString(), reader.next()];
    expect(rest).to.deep.equal(["b", "c", null]);
    expect([reader.unread, reader.midway]).to.deep.equal([false, false]);
    reader.push(framed(Buffer.from("d")).subarray(0, 3));
    expect([reader.next(), reader.midway]).to.deep.equal([null, true]);
  });
});

describe("what FrameReader holds", () => {
  it("is what has come of messages that are not whole, and more for small pieces", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 }),
        (lengths, pieces) => {
          const reader = new FrameReader(1_000);
          const bytes = Buffer.concat(lengths.map((length) => framed(Buffer.alloc(length, 7))));
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const end = Math.min(bytes.length, at + pieces[turn % pieces.length]!);
            readAll(reader, bytes.subarray(at, end));
            at = end;
            if (!reader.midway) expect(reader.heldBytes).to.equal(0);
          }
          expect(reader.heldBytes).to.equal(0);
        },
      ),
    );
    const reader = new FrameReader(1_000);
    const whole = framed(Buffer.alloc(100));
    readAll(reader, whole.subarray(0, 55));
    const coarse = reader.heldBytes;
    expect(coarse).to.be.within(50, 1_000);
    for (const byte of whole.subarray(55, 100)) readAll(reader, Buffer.of(byte));
    expect(reader.heldBytes).to.be.above(coarse + 45 * 100);
    reader.push(whole);
    reader.push(whole);
    expect(reader.heldBytes).to.be.above(coarse + 45 * 100 + 200);
  });
});

describe("FramePool", () => {
  it("gives large buffers out again, and neither small nor the largest ones", () => {
    const pool = new FramePool();
    for (const [bytes, again] of [
      [100, false],
      [200_000, true],
      [100_000, false],
      [1 << 20, false],
    ] as const) {
      const first = pool.take(bytes);
      pool.give(first);
      const second = pool.take(bytes);
      expect([first.length, second.length]).to.deep.equal([bytes, bytes]);
      expect(second.buffer === first.buffer && second.byteOffset === first.byteOffset).to.equal(again);
    }
  });

  it("keeps what is in use apart", () => {
    const pool = new FramePool();
    const [first, second] = [pool.take(250_000), pool.take(250_000)];
    expect(first.buffer).not.to.equal(second.buffer);
    pool.give(first);
    expect(pool.take(260_000).buffer).to.equal(first.buffer);
    expect(pool.take(260_000).buffer).not.to.equal(second.buffer);
  });
});
