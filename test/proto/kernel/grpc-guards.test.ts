import { once } from "node:events";
import { connect, constants } from "node:http2";
import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import type { Stream } from "../../../proto/kernel/channel.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { BYTES, closing, framed, GrpcPeers, request } from "../../support/grpc-peers.js";
import { Recorder } from "../../support/recorder.js";
import { failure } from "../../support/refusal.js";

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const EMPTY_SETTINGS = Buffer.from("000000040000000000", "hex");

describe("connection guards", () => {
  let peers: GrpcPeers;

  beforeEach(() => {
    peers = new GrpcPeers();
  });

  afterEach(() => peers.close());

  it("refuses calls above the number of concurrent streams", async () => {
    const server = await peers.start(
      { talk: (stream) => stream.listen({ message() {}, close() {} }) },
      {
        limits: { streamsMax: 3 },
      },
    );
    const client = peers.session(server);
    await once(client, "remoteSettings");
    expect(client.remoteSettings.maxConcurrentStreams).to.equal(3);
  });

  it("offers windows of megabytes, so that distant producers are not slowed down", async () => {
    const server = await peers.start();
    const client = peers.session(server);
    await once(client, "remoteSettings");
    expect(client.remoteSettings.initialWindowSize).to.equal(8 << 20);
    while ((client.state.remoteWindowSize ?? 0) < 8 << 20) await settle();
    expect(client.state.remoteWindowSize).to.be.at.least(8 << 20);
  });

  it("closes connections that stay silent", async () => {
    const clock = new TestClock();
    const server = await peers.start({}, { clock });
    const silent = peers.socket(server);
    const alive = peers.session(server);
    await once(alive, "remoteSettings");
    while (server.connections() < 2) await settle();
    const closed = closing(silent);
    await clock.advance(10_000);
    await closed;
    expect(server.connections()).to.equal(1);
    expect(alive.destroyed).to.equal(false);
  });

  it("closes a connection that begins a header block and never ends it", async () => {
    const server = await peers.start({}, { limits: { keepaliveMs: 20, keepaliveTimeoutMs: 20 } });
    const socket = peers.socket(server);
    socket.write(PREFACE);
    socket.write(EMPTY_SETTINGS);
    // HEADERS without END_HEADERS.
    socket.write(Buffer.from("00000301000000000182" + "8684", "hex"));
    await closing(socket);
  });

  it("refuses connections above its number", async () => {
    const server = await peers.start({}, { limits: { connectionsMax: 2 } });
    for (let i = 0; i < 2; i++) await once(peers.session(server), "remoteSettings");
    await closing(peers.socket(server));
    expect(server.connections()).to.equal(2);
  });

  it("refuses calls whose headers are too large", async () => {
    const server = await peers.start();
    const stream = request(peers.session(server), "/t.T/Ask", { "x-large": "a".repeat(17 << 10) });
    stream.resume();
    await closing(stream);
    expect(stream.rstCode).to.equal(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });

  it("closes a connection that opens calls only to reset them, socket and all", async () => {
    const clock = new TestClock();
    const talk = (stream: Stream<Buffer, Buffer>): void => stream.listen({ message() {}, close() {} });
    const server = await peers.start({ talk }, { clock, limits: { resetsMax: 50, resetsPerSecond: 10 } });
    const client = peers.session(server);
    await once(client, "remoteSettings");
    const reset = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        const stream = request(client, "/t.T/Talk");
        await settle();
        stream.close(constants.NGHTTP2_CANCEL);
        await closing(stream);
      }
      // Answered after the server has seen the resets, as long as it answers.
      const last = request(client, "/t.T/Ask");
      last.resume().end(framed(Buffer.from("?")));
      await closing(last);
    };
    await reset(50);
    await clock.advance(5_000);
    await reset(50);
    expect(client.destroyed).to.equal(false);
    const closed = new Promise((resolve) => client.once("close", resolve));
    await reset(1).catch(() => {});
    await closed;
    while (server.connections() > 0) await settle();
  });

  it("gives up on a unary request that does not arrive", async () => {
    const clock = new TestClock();
    const server = await peers.start({}, { clock });
    const client = peers.session(server);
    const stream = request(client, "/t.T/Ask");
    stream.write(framed(Buffer.from("half")).subarray(0, 6));
    await once(client, "remoteSettings");
    const prompt = request(client, "/t.T/Ask");
    prompt.end(framed(Buffer.from("whole")));
    prompt.resume();
    await closing(prompt);
    expect(prompt.rstCode).to.equal(constants.NGHTTP2_NO_ERROR);
    const closed = closing(stream);
    await clock.advance(30_000);
    await closed;
    expect(stream.rstCode).to.equal(constants.NGHTTP2_CANCEL);
  });

  it("lets a handler take longer than a request may", async () => {
    const clock = new TestClock();
    let called: () => void = () => {};
    const calling = new Promise<void>((resolve) => {
      called = resolve;
    });
    const answers: ((bytes: Buffer) => void)[] = [];
    const server = await peers.start(
      {
        ask: () => {
          called();
          return new Promise((reply) => answers.push(reply));
        },
      },
      { clock },
    );
    const asked = peers.channel(server).unary(BYTES.ask, Buffer.from("x"));
    await calling;
    await clock.advance(60_000);
    answers[0]?.(Buffer.from("late"));
    expect((await asked).toString()).to.equal("late");
  });

  it("refuses messages above its size, and takes those below", async () => {
    const server = await peers.start({}, { limits: { receiveBytesMax: 100_000 } });
    const channel = peers.channel(server);
    expect((await channel.unary(BYTES.ask, Buffer.alloc(99_000))).length).to.equal(99_000);
    expect((await failure(channel.unary(BYTES.ask, Buffer.alloc(101_000)))).code).to.equal(
      "MESSAGE_TOO_LARGE",
    );
    expect((await channel.unary(BYTES.ask, Buffer.alloc(1))).length).to.equal(1);
  });

  it("closes a stream whose caller reads nothing, and only that", async () => {
    const clock = new TestClock();
    const ended: (Error | null)[] = [];
    const server = await peers.start(
      {
        talk: (stream) => {
          stream.listen({ message() {}, close: (error) => ended.push(error) });
          while (stream.write(Buffer.alloc(256 << 10))) {}
        },
      },
      { clock },
    );
    const client = peers.session(server);
    const stalled = request(client, "/t.T/Talk");
    await once(client, "remoteSettings");
    const closed = closing(stalled);
    await once(stalled, "response");
    await clock.advance(29_000);
    expect(ended).to.deep.equal([]);
    await clock.advance(1_500);
    await closed;
    while (ended.length === 0) await settle();
    expect(LogwheelError.is(ended[0], "THROTTLED")).to.equal(true);
    expect(client.destroyed).to.equal(false);
  });

  it("closes a stream whose caller does not read the end of it", async () => {
    const clock = new TestClock();
    const server = await peers.start(
      {
        talk: (stream) => {
          stream.listen({ message() {}, close() {} });
          stream.write(Buffer.alloc(100_000));
          stream.end();
        },
      },
      { clock },
    );
    const stalled = request(peers.session(server), "/t.T/Talk");
    const closed = closing(stalled);
    await once(stalled, "response");
    await clock.advance(30_500);
    await closed;
    expect(stalled.rstCode).to.equal(constants.NGHTTP2_CANCEL);
  });

  it("closes a stream whose caller opens no window for the end of it, and tells its handler", async () => {
    const clock = new TestClock();
    const ended: (Error | null)[] = [];
    const talk = (stream: Stream<Buffer, Buffer>): void => {
      stream.listen({ message() {}, close: (error) => ended.push(error) });
      stream.write(Buffer.from("last words"));
      stream.end();
    };
    const server = await peers.start({ talk }, { clock });
    const deaf = connect(`http://${server.address}`, { settings: { initialWindowSize: 0 } });
    deaf.on("error", () => {});
    peers.onClose(() => deaf.destroy());
    await once(deaf, "localSettings");
    const stream = request(deaf, "/t.T/Talk");
    const closed = closing(stream);
    await once(stream, "response");
    await clock.advance(30_000);
    await closed;
    while (ended.length === 0) await settle();
    expect(LogwheelError.is(ended[0], "THROTTLED")).to.equal(true);
  });

  it("reads a paused stream no further than its window", async () => {
    let received = 0;
    const server = await peers.start(
      {
        talk: (stream) => {
          stream.pause();
          stream.listen({ message: () => received++, close() {} });
        },
      },
      { limits: { windowBytes: 1 << 20 } },
    );
    const stream = peers.channel(server).open(BYTES.talk);
    new Recorder(stream);
    let written = 0;
    while (stream.write(Buffer.alloc(256 << 10))) written += 256 << 10;
    for (let i = 0; i < 50; i++) await settle();
    expect(received).to.equal(0);
    expect(written).to.be.below(16 << 20);
    stream.fail(new LogwheelError("ABORTED", "enough"));
  });
});
