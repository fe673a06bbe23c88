import { once } from "node:events";
import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { expect } from "chai";
import { settle, TestClock } from "../../../client/testing/test-clock.js";
import type { Channel, Stream } from "../../../proto/kernel/channel.js";
import { type Clock, systemClock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { type GrpcConnectOptions, grpcConnect } from "../../../proto/kernel/grpc-client.js";
import type { ChannelState } from "../../../proto/kernel/grpc-connection.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { BYTES, GrpcPeers } from "../../support/grpc-peers.js";
import { Recorder } from "../../support/recorder.js";
import { failure } from "../../support/refusal.js";

const HELLO = Buffer.from("hello");

describe("gRPC client", () => {
  let peers: GrpcPeers;
  let states: ChannelState[];

  beforeEach(() => {
    peers = new GrpcPeers();
    states = [];
  });

  afterEach(() => peers.close());

  function channelTo(
    address: string,
    options: Partial<GrpcConnectOptions> & { clock?: Clock } = {},
  ): Channel {
    const channel = grpcConnect({
      clock: systemClock,
      logger: silentLogger,
      random: () => 0.999,
      onState: (_address, state) => states.push(state),
      ...options,
    })(address);
    peers.onClose(() => channel.close());
    return channel;
  }

  async function until(state: ChannelState): Promise<void> {
    while (states.at(-1) !== state) await settle();
  }

  /** A TCP server of the test's own; resolves to its address. */
  async function listen(server: Server): Promise<string> {
    const sockets = new Set<Socket>();
    server.on("connection", (socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    peers.onClose(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  }

  it("finds a restarted server within 200 ms and tells each change of its state", async () => {
    const clock = new TestClock(systemClock.nowMs());
    const first = await peers.start();
    const channel = channelTo(first.address, { clock });
    await until("connected");
    await first.stop(0);
    await until("waiting");
    expect((await failure(channel.unary(BYTES.ask, HELLO))).code).to.equal("BROKER_UNAVAILABLE");
    await peers.start({}, { listen: first.address });
    await clock.advance(200);
    await until("connected");
    expect((await channel.unary(BYTES.ask, HELLO)).toString()).to.equal("hello");
    expect(states).to.deep.equal([
      "connecting",
      "connected",
      "connecting",
      "waiting",
      "connecting",
      "connected",
    ]);
  });

  it("waits a second at most, however long the server was away", async () => {
    const clock = new TestClock();
    const server = await peers.start();
    await server.stop(0);
    channelTo(server.address, { clock });
    for (let tries = 0; tries < 70; tries++) {
      await until("waiting");
      states.length = 0;
      await clock.advance(1000);
    }
    await until("waiting");
    states.length = 0;
    await clock.advance(900);
    expect(states).to.deep.equal([]);
    await clock.advance(100);
    await until("waiting");
  });

  it("opens another connection for streams that a server would let wait, and closes it behind them", async () => {
    const server = await peers.start();
    const channel = channelTo(server.address);
    const open = async (): Promise<Stream<Buffer, Buffer>> => {
      const stream = channel.open(BYTES.talk);
      const heard = new Recorder(stream);
      stream.write(HELLO);
      await heard.until(() => heard.messages.length === 1);
      return stream;
    };
    const streams: Stream<Buffer, Buffer>[] = [];
    while (streams.length < 200) streams.push(await open());
    expect((await channel.unary(BYTES.ask, HELLO)).toString()).to.equal("hello");
    expect(server.connections()).to.equal(3);
    for (const stream of streams.splice(96)) stream.end();
    while (server.connections() > 1) await settle();
    streams.push(await open());
    channel.close();
    expect(states).to.deep.equal(["connecting", "connected", "closed"]);
  });

  it("tries no more once closed", async () => {
    const clock = new TestClock();
    const server = await peers.start();
    await server.stop(0);
    const channel = channelTo(server.address, { clock });
    await until("waiting");
    expect(clock.waiting).to.equal(1);
    channel.close();
    channel.close();
    expect(clock.waiting).to.equal(0);
    expect(states.at(-1)).to.equal("closed");
  });

  it("survives a listener of its states that throws", async () => {
    const server = await peers.start();
    const channel = channelTo(server.address, {
      onState: () => {
        throw new TypeError("oops");
      },
    });
    expect((await channel.unary(BYTES.ask, HELLO)).toString()).to.equal("hello");
  });

  it("refuses a server of another version, naming both", async () => {
    const server = new grpc.Server();
    const asIs = (bytes: Buffer): Buffer => bytes;
    const greeting = new grpc.Metadata();
    greeting.set("logwheel-protocol", "2");
    const definition = Object.fromEntries(
      Object.entries(BYTES).map(([name, { path, kind }]) => [
        name,
        {
          path,
          requestStream: kind === "stream",
          responseStream: kind === "stream",
          requestSerialize: asIs,
          requestDeserialize: asIs,
          responseSerialize: asIs,
          responseDeserialize: asIs,
        },
      ]),
    );
    server.addService(definition, {
      ask: (call: grpc.ServerUnaryCall<Buffer, Buffer>, reply: grpc.sendUnaryData<Buffer>) => {
        call.sendMetadata(greeting);
        reply(null, call.request);
      },
      talk: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => call.sendMetadata(greeting),
    });
    const port = await new Promise<number>((resolve) =>
      server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_error, bound) =>
        resolve(bound),
      ),
    );
    peers.onClose(() => server.forceShutdown());
    const channel = channelTo(`127.0.0.1:${port}`);
    const error = await failure(channel.unary(BYTES.ask, HELLO));
    expect(error.code).to.equal("UNSUPPORTED_VERSION");
    expect(error.message).to.match(/version 2 .* version 1/);
    const stream = new Recorder(channel.open(BYTES.talk));
    await stream.over();
    expect(LogwheelError.is(stream.error, "UNSUPPORTED_VERSION")).to.equal(true);
  });

  it("times out, surely not sent, where a server accepts connections and says nothing", async () => {
    const channel = channelTo(await listen(createServer()));
    const error = await failure(channel.unary(BYTES.ask, HELLO, { timeoutMs: 50 }));
    expect(error.code).to.equal("TIMEOUT");
  });

  it("fails with BROKER_UNAVAILABLE where something else than gRPC answers", async () => {
    const address = await listen(createServer((socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n")));
    const channel = channelTo(address);
    const error = await failure(channel.unary(BYTES.ask, HELLO, { timeoutMs: 5_000 }));
    expect(error.code).to.be.oneOf(["BROKER_UNAVAILABLE", "CONNECTION_LOST"]);
    await until("waiting");
  });

  it("notices a connection that has died without a word", async () => {
    const server = await peers.start();
    const pairs: Socket[] = [];
    const address = await listen(
      createServer((near) => {
        const far = netConnect(server.port, "127.0.0.1");
        far.on("error", () => {});
        near.pipe(far).pipe(near);
        pairs.push(near, far);
      }),
    );
    const channel = channelTo(address, { keepaliveMs: 50, keepaliveTimeoutMs: 50 });
    const stream = channel.open(BYTES.talk);
    const client = new Recorder(stream);
    stream.write(HELLO);
    await client.until(() => client.messages.length === 1);
    for (const socket of pairs) socket.unpipe().pause();
    await client.over();
    expect(LogwheelError.is(client.error, "CONNECTION_LOST")).to.equal(true);
    for (const socket of pairs) socket.destroy();
  });

  it("does not wait for the other side's last messages when the connection breaks", async () => {
    const server = await peers.start({
      talk: (stream) => {
        stream.listen({ message() {}, close() {} });
        for (let i = 0; i < 50; i++) stream.write(HELLO);
      },
    });
    const channel = channelTo(server.address);
    const stream = channel.open(BYTES.talk);
    stream.pause();
    const client = new Recorder(stream);
    await until("connected");
    await settle();
    channel.close();
    await client.over();
    expect(client.messages).to.deep.equal([]);
  });
});
