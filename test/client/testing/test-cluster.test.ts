import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Client } from "../../../client/sdk/client.js";
import { connect } from "../../../client/sdk/connect.js";
import { RetryLater } from "../../../client/sdk/handler-errors.js";
import { topic } from "../../../client/sdk/topic.js";
import type { ConsumeOptions, Handler, Message } from "../../../client/sdk/types.js";
import {
  startTestCluster,
  TestClock,
  type TestCluster,
  type TestClusterOptions,
} from "../../../client/testing/index.js";
import { refusal } from "../../support/refusal.js";

const orders = topic("orders");
const textOf = (message: Message<Uint8Array>): string => Buffer.from(message.raw).toString();

function start(options: TestClusterOptions = {}): Promise<TestCluster> {
  return startTestCluster({ topics: { orders: { queues: 4 } }, ...options });
}

async function send(client: Client, ...bodies: readonly string[]): Promise<void> {
  await using producer = client.producer();
  for (const body of bodies) await producer.send({ topic: orders, body: Buffer.from(body) });
}

/** A started consumer of the group `g`, from the beginning. */
async function consume(client: Client, handler: Handler<Uint8Array>, options: Partial<ConsumeOptions> = {}) {
  const consumer = client.consume(orders, { group: "g", from: "earliest", ...options }, handler);
  await consumer.start();
  return consumer;
}

describe("a test cluster", () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => {
    unhandled.push(reason);
  };
  before(() => process.on("unhandledRejection", note));
  after(() => process.off("unhandledRejection", note));
  afterEach(() => expect(unhandled).to.deep.equal([]));

  it("sends, hands out and shows messages while its clock stands still", async () => {
    await using cluster = await start();
    const client = await cluster.client();
    const seen: string[] = [];
    await consume(client, (message) => void seen.push(textOf(message)));
    await send(client, "a", "b", "c");
    await cluster.settled();
    expect(seen.sort()).to.deep.equal(["a", "b", "c"]);
    expect((await cluster.messages("orders")).map(textOf)).to.deep.equal(["a", "b", "c"]);
    expect(cluster.clock.monotonicMs()).to.be.below(1_000);
  });

  it("delivers again after each wait of a ladder of fifteen, at its millisecond, over hours", async () => {
    const ladder = [10, 30, 60, 120, 180, 240, 300, 360, 420, 480, 540, 600, 1_200, 1_800, 3_600];
    await using cluster = await start();
    const client = await cluster.client();
    const at: number[] = [];
    const fail = (): never => {
      at.push(cluster.clock.monotonicMs());
      throw new Error("not yet");
    };
    await consume(client, fail, { retry: { delaysMs: ladder.map((s) => 1_000 * s) } });
    await send(client, "a");
    await cluster.settled();
    for (const [index, seconds] of ladder.entries()) {
      expect(at, `before wait ${index}`).to.have.length(index + 1);
      await cluster.clock.advance(1_000 * seconds - 1_000);
      expect(at, `within wait ${index}`).to.have.length(index + 1);
      await cluster.clock.advance(1_000);
    }
    const waits = at.slice(1).map((ms, index) => (ms - at[index]!) / 1_000);
    expect(waits).to.deep.equal(ladder);
  });

  it("ends a lease of 30 s, and not before", async () => {
    await using cluster = await start();
    const client = await cluster.client();
    await send(client, "a");
    const first = client.simpleConsumer(orders, { group: "g", from: "earliest" });
    const [leased] = await first.receive({ max: 1 });
    const second = (await cluster.client()).simpleConsumer(orders, { group: "g" });
    const again = second.receive({ waitMs: 60_000 });
    let came = false;
    again.then(() => (came = true));
    await cluster.clock.advance("29s");
    expect([leased?.attempt, came]).to.deep.equal([1, false]);
    await cluster.clock.advance("2s");
    const [message] = await again;
    expect(message?.attempt).to.equal(2);
    await message?.ack();
    await cluster.idle();
  });

  it("waits with a long poll until its time is over, or a message comes", async () => {
    await using cluster = await start();
    const client = await cluster.client();
    const simple = client.simpleConsumer(orders, { group: "g", from: "earliest" });
    const nothing = simple.receive({ waitMs: 15_000 });
    await cluster.clock.advance("15s");
    expect(await nothing).to.deep.equal([]);
    const one = simple.receive({ waitMs: 15_000 });
    await cluster.clock.advance("5s");
    await send(client, "a");
    expect((await one).map(textOf)).to.deep.equal(["a"]);
  });

  it("gives the queues of a member that fell silent to another one after 10 s", async () => {
    await using cluster = await start();
    const { transport } = cluster.connection;
    let silent = false;
    const mute = {
      ...transport!,
      connect: (address: string): ReturnType<NonNullable<typeof transport>["connect"]> => {
        const channel = transport!.connect(address);
        const open: typeof channel.open = (method, options) => {
          const stream = channel.open(method, options);
          const write = stream.write.bind(stream);
          stream.write = (message) => silent || write(message);
          return stream;
        };
        return { address, open, close: () => channel.close(), unary: channel.unary.bind(channel) };
      },
    };
    const dying = await cluster.client({ transport: mute });
    await consume(dying, () => {});
    const seen: string[] = [];
    const other = await cluster.client();
    silent = true;
    await send(other, "a", "b", "c", "d");
    await cluster.settled();
    await consume(other, (message) => void seen.push(textOf(message)));
    await cluster.clock.advance("6s");
    expect(seen).to.deep.equal([]);
    await cluster.clock.advance("8s");
    expect(seen.sort()).to.deep.equal(["a", "b", "c", "d"]);
  });

  it("divides queues anew when a member comes or leaves", async () => {
    await using cluster = await start();
    const owners = new Map<number, string>();
    const member = async (name: string): Promise<Client> => {
      const client = await cluster.client();
      await consume(client, ({ queueId }) => void owners.set(queueId, name));
      return client;
    };
    const sendEach = async (): Promise<void> => {
      const producer = (await cluster.client()).producer();
      for (let queueId = 0; queueId < 4; queueId++)
        await producer.send({ topic: orders, body: Buffer.of(queueId), queueId });
      await cluster.idle();
    };
    const a = await member("a");
    await sendEach();
    expect([...owners.values()]).to.deep.equal(["a", "a", "a", "a"]);
    await member("b");
    await cluster.clock.advance("20s");
    await sendEach();
    expect([...owners.values()].sort()).to.deep.equal(["a", "a", "b", "b"]);
    await a.close();
    await cluster.clock.advance("20s");
    await sendEach();
    expect([...owners.values()]).to.deep.equal(["b", "b", "b", "b"]);
  });

  it("drops what is older than its retention once its segment is full", async () => {
    await using cluster = await start({ settings: { segmentBytes: "1MiB", retentionMs: "1h" } });
    const client = await cluster.client();
    const body = Buffer.alloc(100_000);
    const producer = client.producer();
    for (let at = 0; at < 20; at++) await producer.send({ topic: orders, body });
    await cluster.clock.advance("59m");
    expect(await cluster.messages("orders")).to.have.length(20);
    await cluster.clock.advance("2m");
    const left = (await cluster.messages("orders")).length;
    expect(left).to.be.within(1, 10);
  });

  for (const dir of [undefined, true] as const)
    it(`keeps what was sent when a broker is killed and restarts, with files ${dir ? "in a folder" : "in memory"}`, async () => {
      await using cluster = await start({ ...(dir === undefined ? {} : { dir }) });
      const client = await cluster.client();
      const seen: string[] = [];
      await consume(client, (message) => void seen.push(textOf(message)));
      await send(client, "a");
      await cluster.idle();
      await cluster.broker().kill();
      expect(cluster.broker().running).to.equal(false);
      await cluster.broker().restart();
      await send(client, "b");
      await cluster.idle();
      expect(seen).to.deep.equal(["a", "b"]);
      expect((await cluster.messages("orders")).map(textOf)).to.deep.equal(["a", "b"]);
    });

  for (const [unsynced, left] of [
    ["kept", ["a", "b"]],
    ["lost", ["a"]],
  ] as const)
    it(`with flush async, unflushed messages are ${unsynced} when a broker is killed that way`, async () => {
      await using cluster = await start({ settings: { flush: "async" } });
      const client = await cluster.client();
      await send(client, "a");
      await cluster.clock.advance("1s");
      await send(client, "b");
      await cluster.broker().kill({ unsynced });
      await cluster.broker().restart();
      expect((await cluster.messages("orders")).map(textOf)).to.deep.equal(left);
    });

  it("goes on when the name server restarts, and when a broker is away meanwhile", async () => {
    await using cluster = await start({ brokers: 2 });
    const client = await cluster.client();
    await cluster.nameServer.restart();
    await cluster.broker("broker-a").stop();
    await send(client, "a", "b");
    await cluster.broker("broker-a").restart();
    expect((await cluster.messages(orders)).map(textOf).sort()).to.deep.equal(["a", "b"]);
    expect((await client.admin.cluster.describe()).brokers.map(({ name }) => name)).to.deep.equal([
      "broker-a",
      "broker-b",
    ]);
  });

  it("has nothing of another cluster, whose clock it may share", async () => {
    const clock = new TestClock(Date.UTC(2031, 5, 1));
    await using one = await start({ clock });
    await using two = await start({ clock });
    await using three = await start();
    await send(await one.client(), "a");
    await clock.advance("1d");
    expect(await two.messages("orders")).to.deep.equal([]);
    expect((await one.messages("orders"))[0]?.storedAt.toISOString()).to.equal("2031-06-01T00:00:00.000Z");
    expect(three.clock.monotonicMs()).to.be.below(1_000);
  });

  it("runs the same way each time", async () => {
    const trace = async (): Promise<unknown[]> => {
      await using cluster = await start({ brokers: 2, seed: 7 });
      const seen: unknown[] = [];
      for (const name of ["x", "y"])
        await consume(await cluster.client(), ({ id, attempt, queueId }) => {
          seen.push([name, id, attempt, queueId, cluster.clock.monotonicMs()]);
          if (attempt < 3) throw new RetryLater(attempt * 1_234);
        });
      await send(await cluster.client(), ..."abcdefgh");
      await cluster.clock.advance("30s");
      await cluster.broker("broker-b").kill();
      await cluster.clock.advance("30s");
      await cluster.broker("broker-b").restart();
      await send(await cluster.client(), ..."ijkl");
      await cluster.clock.advance("1h");
      return seen;
    };
    const first = await trace();
    expect(first).to.have.length.above(30);
    expect(await trace()).to.deep.equal(first);
  });

  it("is reached over gRPC where ports were asked for, also after a restart", async () => {
    await using cluster = await start({ ports: true });
    await using client = await connect({ endpoints: cluster.endpoints, logger: false });
    await send(client, "a");
    await cluster.broker().restart();
    await using fresh = await connect({ endpoints: cluster.endpoints, logger: false });
    await send(fresh, "b");
    await send(await cluster.client(), "c");
    expect((await cluster.messages("orders")).map(textOf)).to.deep.equal(["a", "b", "c"]);
  });

  it("is idle when handlers have ended that wait for something outside, and says who has not", async () => {
    await using cluster = await start();
    const client = await cluster.client();
    let finish: (() => void) | undefined;
    let ended = false;
    await consume(client, async () => {
      await new Promise<void>((resolve) => (finish = resolve));
      await readdir(tmpdir());
      ended = true;
    });
    await send(client, "a");
    await cluster.settled();
    expect(await refusal(cluster.idle({ timeoutMs: 1 }))).to.equal(
      "TIMEOUT: after 1 ms the test cluster is not idle: group g has 1 messages of orders in its hands",
    );
    finish?.();
    await cluster.idle();
    expect(ended).to.equal(true);
  });

  it("leaves no timer and no file, and says that it is closed", async () => {
    const cluster = await start({ dir: true, brokers: ["x"] });
    const client = await cluster.client();
    await consume(client, () => {
      throw new RetryLater(60_000);
    });
    await send(client, "a");
    await Promise.all([cluster.close(), cluster.close()]);
    expect(cluster.clock.waiting).to.equal(0);
    expect(await refusal(cluster.client())).to.match(/^CLOSED: the test cluster is closed/);
    expect(await refusal(cluster.messages("orders"))).to.match(/^CLOSED: /);
    expect(await refusal(send(client, "b"))).to.match(/^CLOSED: the client is closed/);
  });

  it("goes on with what an earlier cluster has left in a folder", async () => {
    const dir = await mkdtemp(join(tmpdir(), "logwheel-test-"));
    try {
      {
        await using cluster = await start({ dir });
        await send(await cluster.client(), "a");
        expect(await refusal(cluster.broker().kill({ unsynced: "lost" }))).to.match(
          /^BAD_REQUEST: only a disk in memory/,
        );
        expect(await refusal(start({ dir }))).to.match(/^CONFLICT: /);
      }
      await using cluster = await startTestCluster({ dir });
      expect((await cluster.messages("orders")).map(textOf)).to.deep.equal(["a"]);
    } finally {
      await rm(dir, { recursive: true });
    }
  });

  it("says what is wrong with its options", async () => {
    const wrong = { settings: { memberExpirMs: 1 } } as TestClusterOptions;
    expect(await refusal(start(wrong))).to.equal(
      'BAD_REQUEST: "memberExpirMs" in the settings of a test cluster: there is no such setting; did you mean memberExpiryMs?',
    );
    expect(await refusal(start({ settings: { memberExpiryMs: "soon" } }))).to.match(
      /^BAD_REQUEST: "memberExpiryMs" in .*soon/,
    );
    const refused: readonly (readonly [object, RegExp])[] = [
      [{ brokers: 0 }, /brokers: give a number from 1 to 26/],
      [{ brokers: [] }, /brokers: give a number/],
      [{ brokers: ["b", "a", "a"] }, /brokers: 'a' is there twice/],
      [{ topics: 5 }, /topics: give names/],
      [{ topics: [5] }, /topics: give names/],
      [{ topic: ["a"] }, /no option 'topic'; did you mean topics\?/],
      [{ settings: { name: "x" } }, /decides about name itself/],
      [{ settings: { data: "/etc" } }, /decides about data itself/],
      [{ settings: { listen: "0.0.0.0:1" } }, /decides about listen itself/],
      [{ seed: Number.NaN }, /seed: NaN is no number/],
    ];
    for (const [options, sentence] of refused)
      expect(await refusal(startTestCluster(options)))
        .to.match(/^BAD_REQUEST: /)
        .and.match(sentence);
    await using cluster = await start();
    expect(() => cluster.broker("b")).to.throw("the test cluster has no broker b; it has broker-a");
    expect(await refusal(cluster.messages("other"))).to.match(/^TOPIC_NOT_FOUND: /);
  });
});
