import { expect } from "chai";
import fc from "fast-check";
import { encodeHeaders } from "../../../proto/http2/hpack-encoder.js";
import type { Http2Stream } from "../../../proto/http2/stream.js";
import { FRAME, frame } from "../../support/http2-frames.js";
import { ACK, CALL, END_HEADERS, END_STREAM, Http2Peer, int, PREFACE } from "../../support/http2-peer.js";

const OK = encodeHeaders([[":status", "200"]]);
const DONE = encodeHeaders([["x-done", "1"]]);

/** Answers in every way that there is, by the number of the stream. */
function answer(stream: Http2Stream): void {
  const body = Buffer.alloc((stream.id % 9) * 1_000);
  stream.hold(100);
  if (stream.id % 3 === 0) return stream.answer({ headers: OK, head: Buffer.alloc(5), body, trailers: DONE });
  stream.respond(OK);
  stream.write(Buffer.alloc(5), body);
  if (stream.id % 5 === 0) stream.pause();
  else stream.end(DONE);
}

const greeting = Buffer.concat([PREFACE, frame(FRAME.settings, 0, 0)]);

/** All that a well-behaved client might say. */
const exchange: readonly Buffer[] = [
  PREFACE,
  frame(FRAME.settings, 0, 0, Buffer.concat([Buffer.of(0, 4), int(1 << 20)])),
  frame(FRAME.windowUpdate, 0, 0, int(1 << 20)),
  frame(FRAME.settings, ACK, 0),
  frame(FRAME.headers, END_HEADERS, 1, CALL),
  frame(FRAME.data, 0, 1, Buffer.from("hello")),
  frame(FRAME.data, END_STREAM | 8, 1, Buffer.concat([Buffer.of(4), Buffer.alloc(9)])),
  frame(FRAME.headers, END_HEADERS | 0x20, 3, Buffer.concat([int(1), Buffer.of(7), CALL])),
  frame(FRAME.ping, 0, 0, Buffer.alloc(8)),
  frame(FRAME.headers, END_STREAM, 5, CALL.subarray(0, 6)),
  frame(FRAME.continuation, END_HEADERS, 5, CALL.subarray(6)),
  frame(FRAME.headers, END_HEADERS | END_STREAM, 3, DONE),
  frame(FRAME.windowUpdate, 0, 5, int(1_000)),
  frame(FRAME.reset, 0, 5, int(8)),
  frame(FRAME.goAway, 0, 0, Buffer.alloc(8)),
];

/** The server has no bug to tell of, keeps nothing of who has gone, and writes nothing but frames. */
async function survives(pieces: readonly Buffer[]): Promise<void> {
  const peer = new Http2Peer({}, answer);
  for (const piece of pieces) peer.send(piece);
  const { streams } = peer.connection;
  await peer.frames();
  peer.connection.look(1);
  peer.connection.destroy();
  expect([peer.failures, streams.size, peer.heldBytes]).to.deep.equal([[], 0, 0]);
  const closed = peer.heard.filter((each) => each.startsWith("closed "));
  expect(closed).to.have.length(peer.streams.length);
}

/** Cut anywhere. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const end = at + (sizes[turn % sizes.length] ?? bytes.length);
    pieces.push(bytes.subarray(at, end));
    at = end;
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 5 });
const anyFrame = fc
  .record({
    type: fc.integer({ min: 0, max: 10 }),
    flags: fc.constantFrom(0, 1, 4, 5, 8, 9, 0x20, 0x25, 0x2d, 0xff),
    stream: fc.constantFrom(0, 1, 1, 2, 3, 3, 5, 7, 9, 2 ** 31 - 1),
    payload: fc.oneof(
      fc.constantFrom(CALL, DONE, int(0), int(1), int(2 ** 31 - 1), Buffer.alloc(8), Buffer.alloc(0)),
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    ),
  })
  .map(({ type, flags, stream, payload }) => frame(type, flags, stream, payload));

describe("what breaks no connection but its own", () => {
  it("are random bytes, with and without a greeting", () =>
    fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.boolean(), sizes, (bytes, greets, at) =>
        survives(cut(Buffer.concat([greets ? greeting : Buffer.alloc(0), bytes]), at)),
      ),
      { numRuns: 1_000 },
    ));

  it("are frames of any kind in any order", () =>
    fc.assert(
      fc.asyncProperty(fc.array(anyFrame, { maxLength: 30 }), sizes, (frames, at) =>
        survives(cut(Buffer.concat([greeting, ...frames]), at)),
      ),
      { numRuns: 2_000 },
    ));

  it("are good exchanges with a few bytes changed, left out or said twice", () => {
    const place = fc.nat({ max: Buffer.concat(exchange).length - 1 });
    const change = fc.record({ at: place, byte: fc.nat({ max: 255 }) });
    return fc.assert(
      fc.asyncProperty(
        fc.array(change, { maxLength: 4 }),
        fc.array(fc.nat({ max: exchange.length - 1 }), { maxLength: 3 }),
        sizes,
        async (changes, again, at) => {
          const bytes = Buffer.concat([...exchange, ...again.map((index) => exchange[index]!)]);
          for (const each of changes) bytes[each.at] = each.byte;
          await survives(cut(bytes, at));
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("cannot be told from each other by how a good exchange is cut", () =>
    fc.assert(
      fc.asyncProperty(sizes, async (at) => {
        const [whole, parts] = [new Http2Peer({}, answer), new Http2Peer({}, answer)];
        whole.send(...exchange);
        for (const piece of cut(Buffer.concat(exchange), at)) parts.send(piece);
        expect(await parts.seen()).to.deep.equal(await whole.seen());
        const told = (peer: Http2Peer): string[] => peer.heard.filter((each) => !each.startsWith("data"));
        expect(told(parts)).to.deep.equal(told(whole));
      }),
    ));
});
