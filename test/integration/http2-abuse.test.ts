import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { type ClientHttp2Session, connect as http2Connect } from "node:http2";
import { gzipSync } from "node:zlib";
import { expect } from "chai";
import { connect as connectClient, topic } from "../../client/index.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Channel } from "../../proto/kernel/channel.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER, NAME_SERVER } from "../../proto/kernel/contract.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { type ClusterProcesses, startCluster } from "../support/cluster-processes.js";
import { framed, request } from "../support/grpc-peers.js";
import { FRAME, frame, RudePeer } from "../support/http2-frames.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const MiB = 2 ** 20;
const CALL = { timeoutMs: 20_000 };
const SEND = "/logwheel.v1.Broker/Send";
const PUBLISH = "/logwheel.v1.Broker/Publish";
const CONSUME = "/logwheel.v1.Broker/Consume";
const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 });

describe("abuse of HTTP/2 against the server processes", function () {
  this.timeout(90_000);
  let cluster: ClusterProcesses;
  let honest: Channel;
  const peers: RudePeer[] = [];
  const sessions: ClientHttp2Session[] = [];

  async function setUp(): Promise<void> {
    cluster = await startCluster(
      ...["--disk-free-bytes-min", "0", "--disk-refuse-percent", "100", "--connections-max", "300"],
      ...["--loop-lag-ms", "10s"],
    );
    honest = connect(cluster.broker);
    await honest.unary(ADMIN.createTopic, { topic: { name: "t", queues: 1, type: 5 } }, CALL);
  }

  function hangUp(): void {
    for (const peer of peers.splice(0)) peer.end();
    for (const session of sessions.splice(0)) session.destroy();
  }

  async function tearDown(): Promise<void> {
    hangUp();
    honest.close();
    await cluster.stop();
  }

  after(() => ServerProcess.killAll());

  function rude(address = cluster.broker, preface = true): RudePeer {
    const peer = new RudePeer(address, preface);
    peers.push(peer);
    return peer;
  }

  function session(): ClientHttp2Session {
    // By default the library refuses streams of its own when a session holds 10 MB, before they reach the broker.
    const made = http2Connect(`http://${cluster.broker}`, { maxSessionMemory: Number.MAX_SAFE_INTEGER });
    made.on("error", () => {});
    sessions.push(made);
    return made;
  }

  /** The caller that was there before goes on, on its old connection, and the process has not grown by more. */
  async function unharmed(grownMax: number, before: number): Promise<void> {
    const { receipt } = await honest.unary(
      BROKER.send,
      { topic: "t", queueId: 0, message: { body: Buffer.from("honest") } },
      CALL,
    );
    expect(receipt?.flushed).to.equal(true);
    expect((await peak()) - before, "bytes of memory more").to.be.below(grownMax);
  }

  /** The most memory that the broker has had. */
  async function peak(): Promise<number> {
    const status = await readFile(`/proc/${cluster.pid}/status`, "utf8").catch(() => "");
    const kib = /VmHWM:\s+(\d+)/.exec(status)?.[1];
    if (kib !== undefined) return Number(kib) * 1_024;
    return (await honest.unary(ADMIN.describeBroker, {}, CALL)).memoryBytes;
  }

  describe("which costs time", () => {
    before(setUp);
    afterEach(hangUp);
    after(tearDown);

    const floods: [what: string, bytes: (peer: RudePeer, index: number) => Buffer][] = [
      ["streams without end", (peer) => peer.open(PUBLISH).bytes],
      [
        "streams that are reset at once",
        (peer) => {
          const { stream, bytes } = peer.open(PUBLISH);
          return Buffer.concat([bytes, frame(FRAME.reset, 0, stream, Buffer.from([0, 0, 0, 8]))]);
        },
      ],
      [
        "streams that make the server reset them",
        (peer) => {
          const { stream, bytes } = peer.open(PUBLISH);
          return Buffer.concat([bytes, frame(FRAME.windowUpdate, 0, stream, Buffer.alloc(4))]);
        },
      ],
      ["pings", () => frame(FRAME.ping, 0, 0, Buffer.alloc(8))],
      ["settings", () => frame(FRAME.settings, 0, 0)],
      ["empty data", (peer, index) => (index === 0 ? peer.open(PUBLISH).bytes : frame(FRAME.data, 0, 1))],
      [
        "a header block that never ends",
        (_, index) =>
          index === 0
            ? frame(FRAME.headers, 0, 1, Buffer.from([0x83]))
            : frame(FRAME.continuation, 0, 1, Buffer.from([0x00, 1, 0x61, 1, 0x62])),
      ],
      ["windows that overflow", () => frame(FRAME.windowUpdate, 0, 0, Buffer.from([0x7f, 0xff, 0xff, 0xff]))],
    ];
    for (const [what, bytes] of floods)
      it(`ends a connection that floods it with ${what}`, async () => {
        const before = await peak();
        const peer = rude();
        await peer.flood(60_000, (index) => bytes(peer, index));
        await until("the connection is closed", () => peer.closed);
        await unharmed(100 * MiB, before);
      });

    it("refuses one connection too many and serves those that it has", async () => {
      const before = await peak();
      const silent = Array.from({ length: 400 }, () => rude(cluster.broker, false));
      await until("the last are refused", () => silent.filter(({ closed }) => closed).length >= 101);
      await unharmed(50 * MiB, before);
      for (const peer of silent) peer.end();
      const late = connect(cluster.broker);
      await until("there is room again", () =>
        late.unary(ADMIN.describeBroker, {}, { timeoutMs: 1_000 }).then(
          () => true,
          () => false,
        ),
      );
      late.close();
    });

    it("lets an SDK abort what it waits for a thousand times without losing its connection", async () => {
      const client = await connectClient({ endpoints: cluster.nameServer, logger: false });
      const states: string[] = [];
      const status = client.status();
      (async () => {
        for await (const { type } of status) states.push(type);
      })().catch(() => {});
      const t = topic("t");
      const consumer = client.simpleConsumer(t, { group: "aborting", from: "latest" });
      const producer = client.producer();
      for (let count = 0; count < 1_000; count++) {
        const abort = new AbortController();
        const { signal } = abort;
        const waits = [
          consumer.receive({ signal, waitMs: 10_000 }),
          producer.send({ topic: t, body: Buffer.from("x") }, { signal }),
        ].map((wait) => wait.catch(() => {}));
        if (count % 10 === 0) await systemClock.sleep(1);
        abort.abort();
        await Promise.all(waits);
      }
      const receipt = await producer.send({ topic: t, body: Buffer.from("after") });
      expect(receipt.done.flushed).to.equal(true);
      expect(states).to.not.include("reconnecting");
      await client.close();
    });

    it("takes random bytes on both ports, with and without a greeting", async () => {
      const before = await peak();
      for (const address of [cluster.broker, cluster.nameServer])
        for (let round = 0; round < 60; round++) {
          const peer = rude(address, round % 2 === 0);
          let seed = round + 1;
          const noise = Buffer.from(
            Array.from({ length: 4_096 }, () => {
              seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
              return seed >>> 24;
            }),
          );
          await peer.flood(1, () => noise);
          if (round % 3 === 0) peer.end();
        }
      await unharmed(60 * MiB, before);
      const names = connect(cluster.nameServer);
      expect((await names.unary(NAME_SERVER.listBrokers, {}, CALL)).brokers).to.have.length(1);
      names.close();
    });
  });

  describe("which costs memory", () => {
    beforeEach(setUp);
    afterEach(tearDown);

    it("makes no room for what a call only announces (4 GiB)", async () => {
      const before = await peak();
      const statuses: unknown[] = [];
      for (const path of [SEND, PUBLISH, CONSUME]) {
        const stream = request(session(), path);
        for (const event of ["response", "trailers"])
          stream.on(event, (headers) => statuses.push(headers["grpc-status"]));
        stream.resume();
        stream.write(Buffer.from("00ffffffff", "hex"));
        await until("the call is refused", () => statuses.includes("3") || stream.closed);
      }
      await unharmed(20 * MiB, before);
    });

    it("inflates nothing (a hundred bombs of 1 GiB)", async () => {
      const bomb = Buffer.concat(new Array(64).fill(gzipSync(Buffer.alloc(16 * MiB), { level: 9 })));
      const head = Buffer.from([1, 0, 0, 0, 0]);
      head.writeUInt32BE(bomb.length, 1);
      const before = await peak();
      const statuses: unknown[] = [];
      const caller = session();
      for (let count = 0; count < 100; count++) {
        const stream = request(caller, SEND, { "grpc-encoding": "gzip" });
        stream.on("response", (headers) => statuses.push(headers["grpc-status"]));
        stream.resume();
        stream.end(Buffer.concat([head, bomb]));
      }
      await until("all are refused", () => statuses.length === 100, 60_000);
      expect(new Set(statuses)).to.deep.equal(new Set(["12"]));
      await unharmed(300 * MiB, before);
    });

    it("holds only so much of messages that do not arrive whole", async () => {
      const before = await peak();
      const half = Buffer.concat([Buffer.from([0, 0, 0xf0, 0, 0]), Buffer.alloc(12 * MiB)]);
      const callers = Array.from({ length: 4 }, session);
      for (const caller of callers)
        for (let count = 0; count < 40; count++) request(caller, count % 2 ? SEND : PUBLISH).write(half);
      await until("the greediest is closed", () => callers.some(({ destroyed }) => destroyed), 30_000);
      for (const caller of callers) caller.destroy();
      await unharmed(500 * MiB, before);
    });

    it("keeps no answers for who does not read them: pulls", async () => {
      const message = { body: Buffer.alloc(MiB, 1) };
      for (let count = 0; count < 8; count++)
        await honest.unary(BROKER.send, { topic: "t", queueId: 0, message }, CALL);
      const before = await peak();
      const pull = { topic: "t", queueId: 0, offset: 0, maxMessages: 100, maxBytes: 8 * MiB };
      const callers = Array.from({ length: 4 }, session);
      for (const caller of callers)
        for (let count = 0; count < 120; count++) {
          const stream = request(caller, "/logwheel.v1.Broker/Pull");
          stream.pause();
          stream.end(framed(BROKER.pull.request.encode(pull)));
        }
      await until("the greediest is closed", () => callers.some(({ destroyed }) => destroyed), 30_000);
      for (const caller of callers) caller.destroy();
      await unharmed(600 * MiB, before);
    });

    it("keeps no answers for who does not read them: heartbeats", async () => {
      const before = await peak();
      const stream = request(session(), CONSUME);
      stream.pause();
      const hello = { group: "g", subscriptions: [{ topic: "t" }] };
      stream.write(framed(BROKER.consume.request.encode({ hello })));
      const ping = framed(BROKER.consume.request.encode({ ping: {} }));
      const many = Buffer.concat(new Array(20_000).fill(ping));
      for (let taken = true; taken && !stream.closed; )
        if (!stream.write(many))
          taken = await Promise.race([once(stream, "drain").then(() => true), systemClock.sleep(2_000)]).then(
            Boolean,
          );
      await unharmed(150 * MiB, before);
    });

    it("keeps no messages for five hundred subscribers that never read", async () => {
      const message = { body: Buffer.alloc(64 << 10, 1) };
      const before = await peak();
      const callers = Array.from({ length: 10 }, session);
      const grant = { messages: 100_000, bytes: 2 ** 31 };
      for (const [index, caller] of callers.entries())
        for (let count = 0; count < 50; count++) {
          const stream = request(caller, CONSUME);
          stream.pause();
          const group = `g${index}-${count}`;
          const hello = { group, subscriptions: [{ topic: "t" }], from: 1 as const, mode: 3 as const };
          stream.write(framed(BROKER.consume.request.encode({ hello })));
          stream.write(framed(BROKER.consume.request.encode({ credit: grant })));
        }
      for (let count = 0; count < 100; count++)
        await honest.unary(BROKER.send, { topic: "t", queueId: 0, message }, CALL);
      await unharmed(300 * MiB, before);
    });
  });
});
