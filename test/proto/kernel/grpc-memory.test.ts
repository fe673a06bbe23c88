import { EventEmitter } from "node:events";
import type { Http2Session, ServerHttp2Stream } from "node:http2";
import { expect } from "chai";
import fc from "fast-check";
import { HeldBytes, UnfinishedMessage } from "../../../proto/kernel/grpc-memory.js";
import { framed } from "../../support/grpc-peers.js";

class FakeSession extends EventEmitter {
  destroyed = false;

  destroy(): void {
    this.destroyed = true;
    this.emit("close");
  }
}

class FakeCall extends EventEmitter {
  readonly session: FakeSession;
  readableLength = 0;
  closed = false;

  constructor(session: FakeSession) {
    super();
    this.session = session;
  }
}

describe("unfinished messages", () => {
  it("are counted from their first byte to their last, however they are cut into pieces", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1, maxLength: 40 }),
        (lengths, pieces) => {
          const message = new UnfinishedMessage(1_000);
          const bytes = Buffer.concat(lengths.map((length) => framed(Buffer.alloc(length, 7))));
          const ends = lengths.map((_, i) =>
            lengths.slice(0, i + 1).reduce((sum, each) => sum + each + 5, 0),
          );
          let counted = 0;
          for (let at = 0, turn = 0; at < bytes.length; turn++) {
            const end = Math.min(bytes.length, at + pieces[turn % pieces.length]!);
            counted += message.take(bytes.subarray(at, end));
            at = end;
            const began = Math.max(0, ...ends.filter((each) => each <= at));
            expect(message.bytes).to.equal(Math.max(0, at - began - 5));
            expect(counted).to.equal(message.bytes);
          }
        },
      ),
    );
  });

  it("that are too large are not counted at all: they are refused", () => {
    const message = new UnfinishedMessage(100);
    expect(message.take(framed(Buffer.alloc(101)))).to.equal(0);
    expect(message.take(Buffer.alloc(1_000, 1))).to.equal(0);
  });
});

describe("held bytes", () => {
  function peers(bytesMax: number, count: number) {
    const held = new HeldBytes(bytesMax);
    const sessions = Array.from({ length: count }, () => new FakeSession());
    for (const session of sessions) held.watch(session as unknown as Http2Session);
    const call = (session: FakeSession): FakeCall => {
      const made = new FakeCall(session);
      held.watchCall(made as unknown as ServerHttp2Stream, 1_000);
      return made;
    };
    return { held, sessions, call };
  }
  const half = framed(Buffer.alloc(200)).subarray(0, 105);

  it("close the connection that has most when they are too many, and no other", () => {
    const { held, sessions, call } = peers(350, 3);
    const [a, b, c] = sessions as [FakeSession, FakeSession, FakeSession];
    call(a).emit("data", half);
    call(b).emit("data", half);
    call(b).emit("data", half);
    expect(held.total).to.equal(300);
    call(c).emit("data", half);
    expect(sessions.map(({ destroyed }) => destroyed)).to.deep.equal([false, true, false]);
    expect(held.total).to.equal(200);
  });

  it("are given back when messages become whole and calls end", () => {
    const { held, sessions, call } = peers(1_000, 1);
    const [first, second] = [call(sessions[0]!), call(sessions[0]!)];
    first.emit("data", half);
    second.emit("data", half);
    first.emit("data", Buffer.alloc(100));
    expect(held.total).to.equal(100);
    second.emit("close");
    expect(held.total).to.equal(0);
  });

  it("are answers too, until their call is over", () => {
    const { held, sessions, call } = peers(1_000, 2);
    const asked = call(sessions[0]!);
    held.answer(asked as unknown as ServerHttp2Stream, 600);
    expect(held.total).to.equal(600);
    asked.emit("close");
    expect(held.total).to.equal(0);
    held.answer(call(sessions[0]!) as unknown as ServerHttp2Stream, 600);
    held.answer(call(sessions[1]!) as unknown as ServerHttp2Stream, 500);
    expect(sessions.map(({ destroyed }) => destroyed)).to.deep.equal([true, false]);
  });

  it("are what has come and is not read, at each look", () => {
    const { held, sessions, call } = peers(1_000, 2);
    const [a, b] = sessions.map(call) as [FakeCall, FakeCall];
    a.readableLength = 400;
    b.readableLength = 500;
    held.look();
    expect(held.total).to.equal(900);
    a.readableLength = 600;
    held.look();
    expect(sessions.map(({ destroyed }) => destroyed)).to.deep.equal([true, false]);
    b.emit("close");
    held.look();
    expect(held.total).to.equal(0);
  });
});
