import { expect } from "chai";
import { encodeHeaders } from "../../../proto/http2/hpack-encoder.js";
import { FRAME, frame } from "../../support/http2-frames.js";
import {
  ACK,
  CALL,
  END_HEADERS,
  END_STREAM,
  Http2Peer,
  int,
  LIMITS,
  PREFACE,
} from "../../support/http2-peer.js";

const NOTHING = Buffer.alloc(0);
const OK = encodeHeaders([[":status", "200"]]);
const DONE = encodeHeaders([["x-done", "1"]]);

const setting = (id: number, value: number): Buffer => Buffer.concat([Buffer.of(0, id), int(value)]);
const TABLE = 1;
const WINDOW = 4;
const data = (stream: number, text: string, flags = 0): Buffer =>
  frame(FRAME.data, flags, stream, Buffer.from(text));
const reset = (stream: number, code = 8): Buffer => frame(FRAME.reset, 0, stream, int(code));
const update = (stream: number, bytes: number): Buffer => frame(FRAME.windowUpdate, 0, stream, int(bytes));

describe("a connection of HTTP/2", () => {
  it("says its settings and opens its window, and acknowledges those of the client", async () => {
    const peer = new Http2Peer();
    const [settings, window] = await peer.frames();
    expect(settings!.payload).to.deep.equal(
      Buffer.concat([
        setting(3, LIMITS.streamsMax),
        setting(WINDOW, LIMITS.windowBytes),
        setting(5, LIMITS.frameBytesMax),
        setting(6, LIMITS.headerBytesMax),
      ]),
    );
    expect(window).to.deep.include({ type: FRAME.windowUpdate, stream: 0, payload: int((1 << 20) - 65_535) });
    peer.send(PREFACE, frame(FRAME.settings, 0, 0));
    expect(peer.heard).to.deep.equal(["met"]);
    expect(await peer.frames()).to.deep.equal([
      { type: FRAME.settings, flags: ACK, stream: 0, payload: NOTHING },
    ]);
  });

  it("tells a stream what comes on it, in pieces as they come, and its end", async () => {
    const peer = new Http2Peer();
    await peer.greet();
    peer.open(1);
    const body = data(1, "hello", END_STREAM);
    for (const byte of body) peer.send(Buffer.of(byte));
    expect(peer.heard.slice(1)).to.deep.equal([..."hello"].map((byte) => `data 1 ${byte}`).concat("end 1"));
    expect(peer.streams[0]!.headers.get(":path")).to.equal("/t.T/Ask");
  });

  it("writes what a turn has answered in one piece, and whole answers without a window to wait for", async () => {
    const peer = new Http2Peer({}, (stream) =>
      queueMicrotask(() =>
        stream.answer({ headers: OK, head: Buffer.from("he"), body: Buffer.from("llo"), trailers: DONE }),
      ),
    );
    await peer.greet();
    peer.open(1, END_STREAM);
    peer.open(3);
    const frames = await peer.frames();
    expect(frames.map(({ type, flags, stream }) => [type, flags, stream])).to.deep.equal([
      [FRAME.headers, END_HEADERS, 1],
      [FRAME.data, 0, 1],
      [FRAME.headers, END_HEADERS | END_STREAM, 1],
      [FRAME.headers, END_HEADERS, 3],
      [FRAME.data, 0, 3],
      [FRAME.headers, END_HEADERS | END_STREAM, 3],
      // The caller still writes what nobody reads.
      [FRAME.reset, 0, 3],
    ]);
    expect(frames[1]!.payload.toString()).to.equal("hello");
    expect(peer.heard).to.include.members(["closed 1 0", "closed 3 0"]);
    expect(peer.connection.streams.size).to.equal(0);
  });

  it("writes what a stream says in a row as one frame, of 16 KiB at most", async () => {
    const peer = new Http2Peer();
    await peer.greet(setting(WINDOW, 1 << 20));
    peer.open(1);
    peer.open(3);
    const [one, other] = peer.streams;
    for (const stream of peer.streams) stream.respond(OK);
    for (const text of ["a", "bc", "def"]) one!.write(Buffer.from("<"), Buffer.from(text));
    other!.write(Buffer.from("<"), Buffer.from("x"));
    one!.write(Buffer.from("<"), Buffer.alloc(16_000));
    one!.write(Buffer.from("<"), Buffer.alloc(383));
    one!.write(NOTHING, Buffer.from("g"));
    one!.end(DONE);
    const frames = await peer.frames();
    const told = frames.filter(({ type }) => type === FRAME.data);
    expect(told.map(({ stream, payload }) => `${stream} ${payload.length}`)).to.deep.equal([
      "1 9",
      "3 2",
      "1 16001",
      "1 385",
    ]);
    expect([told[0], told[1]].map((each) => String(each!.payload))).to.deep.equal(["<a<bc<def", "<x"]);
    expect(told[3]!.payload.toString("latin1")).to.match(/^<\0+g$/);
    one!.write(NOTHING, Buffer.from("late"));
    other!.write(NOTHING, Buffer.from("y"));
    expect(await peer.seen()).to.deep.equal(["data 3 1"]);
  });

  it("says first that it uses no table, to a client whose table is smaller than it began with", async () => {
    const answer = { headers: OK, head: NOTHING, body: NOTHING, trailers: DONE };
    const peer = new Http2Peer({}, (stream) => stream.answer(answer));
    await peer.greet(setting(TABLE, 4_095));
    peer.open(1, END_STREAM);
    peer.open(3, END_STREAM);
    const blocks = (await peer.frames()).filter(({ type }) => type === FRAME.headers);
    const said = Buffer.concat([Buffer.of(0x20), OK]);
    expect(blocks.map(({ payload }) => payload)).to.deep.equal([said, DONE, OK, DONE]);
  });

  describe("sends no more than", () => {
    it("the windows of the stream and the connection, also when they shrink below nothing", async () => {
      const peer = new Http2Peer();
      await peer.greet(setting(WINDOW, 10));
      peer.open(1);
      const stream = peer.streams[0]!;
      const headerBytes = peer.heldBytes;
      expect(headerBytes).to.be.above(100);
      stream.respond(OK);
      stream.write(Buffer.from("01234"), Buffer.from("567890123456789"));
      expect(await peer.seen()).to.deep.equal(["headers 1", "data 1 10"]);
      expect([stream.queuedBytes, peer.heldBytes - headerBytes]).to.deep.equal([10, 10]);
      peer.send(frame(FRAME.settings, 0, 0, setting(WINDOW, 2)));
      peer.send(update(1, 8));
      expect(await peer.seen()).to.deep.equal(["settings 0"]);
      peer.send(update(1, 3));
      expect(await peer.seen()).to.deep.equal(["data 1 3"]);
      stream.end(DONE);
      peer.send(update(1, 100));
      expect(await peer.seen()).to.deep.equal(["data 1 7", "headers 1", "reset 1 0"]);
      expect(peer.heldBytes).to.equal(0);
    });

    it("the connection's window allows, a frame of each stream in turn", async () => {
      const peer = new Http2Peer();
      await peer.greet(setting(WINDOW, 1 << 20));
      for (const id of [1, 3]) {
        peer.open(id);
        peer.streams.at(-1)!.respond(OK);
      }
      for (const stream of peer.streams) stream.write(NOTHING, Buffer.alloc(100_000, stream.id));
      const first = await peer.frames();
      const bytes = first.reduce(
        (sum, { type, payload }) => sum + (type === FRAME.data ? payload.length : 0),
        0,
      );
      expect(bytes).to.equal(65_535);
      peer.send(update(0, 60_000));
      const next = await peer.seen();
      expect(next.slice(0, 4).map((each) => each.slice(0, 6))).to.deep.equal([
        "data 1",
        "data 3",
        "data 1",
        "data 3",
      ]);
    });

    it("the socket takes, and goes on when it does", async () => {
      const peer = new Http2Peer();
      await peer.greet(setting(WINDOW, 1 << 24));
      peer.send(update(0, 1 << 24));
      peer.open(1);
      peer.stuck = true;
      const stream = peer.streams[0]!;
      const bytes = Buffer.alloc(2 << 20, Buffer.from("0123456789abcdef!"));
      stream.write(NOTHING, bytes);
      expect(stream.queuedBytes).to.be.above(1 << 20);
      stream.end(DONE);
      const got: Buffer[] = [];
      for (let round = 0; stream.queuedBytes > 0 || round < 3; round++) {
        for (const each of await peer.frames()) if (each.type === FRAME.data) got.push(each.payload);
        peer.unstick();
      }
      expect(Buffer.concat(got).equals(bytes)).to.equal(true);
      expect(peer.heard).to.include("closed 1 0");
    });
  });

  describe("lets a client send no more than", () => {
    it("its windows, which open as it is read, but those of paused streams", async () => {
      const peer = new Http2Peer({ windowBytes: 100_000 });
      await peer.greet();
      peer.open(1);
      const piece = data(1, "x".repeat(10_000));
      for (let count = 0; count < 5; count++) peer.send(piece);
      expect(await peer.seen()).to.deep.equal(["windowUpdate 0 30000", "windowUpdate 1 50000"]);
      peer.streams[0]!.pause();
      for (let count = 0; count < 10; count++) peer.send(piece);
      expect((await peer.seen()).filter((each) => each.startsWith("windowUpdate 1"))).to.deep.equal([]);
      peer.streams[0]!.resume();
      expect(await peer.seen()).to.deep.equal(["windowUpdate 1 100000"]);
      peer.streams[0]!.pause();
      for (let count = 0; count < 11; count++) peer.send(piece);
      expect(await peer.seen()).to.include("reset 1 3");
    });

    it("what it has announced, nor less", async () => {
      const peer = new Http2Peer();
      await peer.greet();
      const announced = Buffer.concat([CALL, encodeHeaders([["content-length", "3"]])]);
      for (const [index, text] of ["ab", "abc", "abcd"].entries()) {
        const id = 1 + 2 * index;
        peer.send(frame(FRAME.headers, END_HEADERS, id, announced), data(id, text, END_STREAM));
      }
      expect(await peer.seen()).to.deep.equal(["reset 1 1", "reset 5 1"]);
      expect(peer.heard).to.include("end 3");
    });

    it("so many streams at once", async () => {
      const peer = new Http2Peer({ streamsMax: 2 });
      await peer.greet();
      for (const id of [1, 3, 5]) peer.open(id);
      expect(await peer.seen()).to.deep.equal(["reset 5 7"]);
      peer.send(reset(1));
      peer.open(7);
      expect(peer.streams.map(({ id }) => id)).to.deep.equal([1, 3, 7]);
    });
  });

  describe("ends", () => {
    it("behind its open streams when it leaves, and passes over those that come later", async () => {
      const peer = new Http2Peer();
      await peer.greet();
      peer.open(1);
      peer.connection.leave();
      peer.open(3);
      peer.send(data(3, "late"), data(1, "on", END_STREAM));
      expect(await peer.seen()).to.deep.equal(["goAway 1 0"]);
      expect(peer.heard.slice(1)).to.deep.equal(["data 1 on", "end 1"]);
      expect(peer.ended).to.equal(false);
      peer.streams[0]!.end(DONE);
      expect(await peer.seen()).to.deep.equal(["headers 1"]);
      expect(peer.ended).to.equal(true);
      // Some of that may still be on its way.
      peer.connection.look(9_999);
      expect(peer.destroyed).to.equal(false);
      peer.connection.look(10_000);
      expect(peer.destroyed).to.equal(true);
    });

    it("with an error, and cuts off a client that goes on after it", async () => {
      const peer = new Http2Peer();
      await peer.greet();
      peer.open(1);
      peer.streams[0]!.hold(1_000);
      peer.send(frame(FRAME.ping, 0, 0, Buffer.alloc(7)), data(1, "unheard"));
      expect(await peer.seen()).to.deep.equal(["goAway 1 6"]);
      expect([peer.ended, peer.destroyed, peer.heldBytes]).to.deep.equal([true, false, 0]);
      expect(peer.heard.slice(1)).to.deep.equal(["closed 1 6"]);
      peer.connection.look(1_000);
      expect(peer.destroyed).to.equal(true);
      await peer.seen();
      expect(peer.heard.at(-1)).to.equal("closed");
    });

    it("with the error of its kind after a GOAWAY that is too short", async () => {
      const peer = new Http2Peer();
      await peer.greet();
      peer.send(frame(FRAME.goAway, 0, 0, Buffer.alloc(7)));
      expect(await peer.seen()).to.deep.equal(["goAway 0 6"]);
    });

    it("without a word when the client does not speak HTTP/2, from the first byte that shows it", () => {
      const peer = new Http2Peer();
      peer.send(Buffer.from("PRI * HTTP/1"));
      expect(peer.ended).to.equal(true);
    });

    it("after some time without streams, and not before", async () => {
      const peer = new Http2Peer({ keepaliveMs: 1e9 });
      await peer.greet();
      peer.open(1);
      peer.nowMs = 500_000;
      peer.connection.look(peer.nowMs);
      peer.send(reset(1));
      peer.nowMs += 119_999;
      peer.connection.look(peer.nowMs);
      expect(peer.ended).to.equal(false);
      peer.connection.look(peer.nowMs + 1);
      expect(peer.ended).to.equal(true);
    });

    it("when a ping is not answered in time", async () => {
      const peer = new Http2Peer({ idleMs: 1e9 });
      await peer.greet();
      peer.connection.look(30_000);
      expect(await peer.seen()).to.deep.equal(["ping 0"]);
      peer.send(frame(FRAME.ping, ACK, 0, Buffer.alloc(8)));
      peer.connection.look(59_999);
      peer.connection.look(60_000);
      expect(await peer.seen()).to.deep.equal(["ping 0"]);
      peer.connection.look(69_999);
      expect(peer.destroyed).to.equal(false);
      peer.connection.look(70_000);
      expect(peer.destroyed).to.equal(true);
    });

    it("not when a client sends something else while the ping is on its way", async () => {
      const peer = new Http2Peer({ idleMs: 1e9 });
      await peer.greet();
      peer.connection.look(30_000);
      peer.send(update(0, 1));
      peer.connection.look(40_000);
      expect(peer.destroyed).to.equal(false);
    });

    it("when its client asks for answers and reads none", async () => {
      const peer = new Http2Peer({}, (stream) => stream.end(Buffer.concat(new Array(200).fill(DONE))));
      await peer.greet();
      peer.stuck = true;
      for (let id = 1; id < 4_000 && !peer.destroyed; id += 2) {
        peer.open(id, END_STREAM);
        await Promise.resolve();
      }
      expect(peer.destroyed).to.equal(true);
    });
  });

  const floods: [what: string, flood: (index: number) => Buffer][] = [
    ["pings", () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
    ["settings", () => frame(FRAME.settings, 0, 0)],
    ["windows", () => update(0, 1)],
    ["priorities", () => frame(FRAME.priority, 0, 1, Buffer.alloc(5))],
    ["empty data", () => data(1, "")],
    ["data that is all padding", () => frame(FRAME.data, 8, 1, Buffer.of(3, 0, 0, 0))],
    ["frames that nobody knows", () => frame(77, 0, 0)],
    ["streams that are reset", (index) => Buffer.concat([call(3 + 2 * index), reset(3 + 2 * index)])],
    [
      "streams that have to be reset",
      (index) => Buffer.concat([call(3 + 2 * index), update(3 + 2 * index, 0)]),
    ],
    ["streams that are refused", (index) => call(3 + 2 * index)],
    ["parts of headers", (index) => frame(index === 0 ? FRAME.headers : FRAME.continuation, 0, 3, NOTHING)],
    ["large parts of headers", (index) => frame(index === 0 ? 1 : 9, 0, 3, Buffer.alloc(9_000))],
  ];
  for (const [what, flood] of floods)
    it(`ends when it is flooded with ${what}`, async () => {
      const peer = new Http2Peer();
      await peer.greet();
      peer.open(1);
      let count = 0;
      while (!peer.ended && count < 10_000) peer.send(flood(count++));
      expect(peer.ended).to.equal(true);
      expect((await peer.seen()).at(-1)).to.match(/^goAway \d+ 11$/);
    });

  it("passes over what was on its way on a stream that it has reset", async () => {
    const peer = new Http2Peer();
    await peer.greet();
    peer.open(1);
    peer.streams[0]!.reset(8);
    for (let count = 0; count < 10_000; count++) peer.send(data(1, "x"));
    expect(peer.ended).to.equal(false);
    expect(peer.heard.slice(1)).to.deep.equal(["closed 1 8"]);
  });

  it("takes as many pings and windows as it likes of a client that is at work", async () => {
    const peer = new Http2Peer();
    await peer.greet();
    peer.open(1);
    const work = Buffer.concat([data(1, "x"), frame(FRAME.ping, 0, 0, Buffer.alloc(8)), update(0, 1)]);
    for (let count = 0; count < 10_000; count++) peer.send(work);
    expect(peer.ended).to.equal(false);
  });
});

function call(stream: number): Buffer {
  return frame(FRAME.headers, END_HEADERS, stream, CALL);
}
