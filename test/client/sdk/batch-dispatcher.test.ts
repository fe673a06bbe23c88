import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import type { ConsumeOptions, Message } from "../../../client/sdk/types.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();

describe("batch consumer", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;

  beforeEach(async () => {
    cluster = await MemoryCluster.start();
    client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 2, type: "mixed" }));
  });
  afterEach(() => cluster.close());

  async function send(bodies: readonly string[], more: object = {}): Promise<void> {
    const producer = client.producer();
    await cluster.advance(
      Promise.all(bodies.map((body) => producer.send({ topic: orders, body: Buffer.from(body), ...more }))),
    );
  }

  const options = (more: Partial<ConsumeOptions> & { batch: { size: number; waitMs?: number } }) =>
    ({ group: "g", from: "earliest", ...more }) as const;

  it("A4-12 gives up to so many messages at a time, of all queues together", async () => {
    await send(range(25).map(String));
    const sizes: number[] = [];
    const seen = new Set<string>();
    const consumer = client.consumeBatch(
      orders,
      options({ batch: { size: 10 }, concurrency: 1 }),
      (messages) => {
        sizes.push(messages.length);
        for (const message of messages) seen.add(textOf(message));
      },
    );
    await cluster.advance(consumer.start());
    await cluster.until("all are acknowledged", () => consumer.stats.acked === 25);
    expect(seen.size).to.equal(25);
    expect(Math.max(...sizes)).to.equal(10);
    expect(sizes.length).to.be.at.most(5);
  });

  it("waits for more no longer than it was told", async () => {
    await send(["1", "2"]);
    const atMs: number[] = [];
    const consumer = client.consumeBatch(
      orders,
      options({ batch: { size: 10, waitMs: 300 } }),
      (messages) => {
        atMs.push(cluster.clock.monotonicMs(), messages.length);
      },
    );
    const before = cluster.clock.monotonicMs();
    await cluster.advance(consumer.start());
    await cluster.until("they came", () => atMs.length > 0);
    expect(atMs[0]! - before).to.be.within(300, 350);
    expect(atMs[1]).to.equal(2);
  });

  it("A4-12 of a half-failed batch the failed messages alone come again", async () => {
    await send(range(6).map(String));
    const rounds: string[][] = [];
    const consumer = client.consumeBatch(
      orders,
      options({ batch: { size: 6, waitMs: 50 } }),
      async (messages) => {
        rounds.push(messages.map(textOf).sort());
        if (rounds.length > 1) return;
        return { failed: messages.filter((message) => Number(textOf(message)) % 2 === 1) };
      },
    );
    await cluster.advance(consumer.start());
    await cluster.until("all are acknowledged", () => consumer.stats.acked === 6);
    expect(rounds.flat().slice(6).sort()).to.deep.equal(["1", "3", "5"]);
    expect(consumer.stats.retried).to.equal(3);
  });

  it("a batch whose handler throws, at once or later, comes again whole", async () => {
    await send(["1", "2", "3"]);
    const rounds: number[] = [];
    const consumer = client.consumeBatch(orders, options({ batch: { size: 3, waitMs: 50 } }), (messages) => {
      rounds.push(messages.length);
      if (rounds.length === 1) throw new Error("at once");
      return rounds.length === 2 ? Promise.reject(new Error("later")) : undefined;
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are acknowledged", () => consumer.stats.acked === 3);
    expect(consumer.stats.retried).to.be.at.least(4);
  });

  it("ordered: one batch of a queue at a time, in order", async () => {
    await send(
      range(20).map((i) => `a${i}`),
      { orderingKey: "a" },
    );
    await send(
      range(20).map((i) => `z${i}`),
      { orderingKey: "z" },
    );
    const seen: string[] = [];
    let tries = 0;
    const consumer = client.consumeBatch(
      orders,
      options({ batch: { size: 4, waitMs: 5 }, mode: "ordered", retry: { delaysMs: [10] } }),
      async (messages) => {
        expect(new Set(messages.map(({ queueId }) => queueId)).size).to.equal(1);
        await cluster.clock.sleep(3);
        if (++tries % 4 === 0) throw new Error("now and then");
        seen.push(...messages.map(textOf));
      },
    );
    await cluster.advance(consumer.start());
    await cluster.until("all are acknowledged", () => consumer.stats.acked === 40);
    for (const key of ["a", "z"])
      expect(seen.filter((body) => body.startsWith(key))).to.deep.equal(range(20).map((i) => key + i));
  });

  it("a body that cannot be decoded fails alone", async () => {
    const numbers = topic("orders", {
      codec: {
        contentType: "text/plain",
        encode: (value: number) => Buffer.from(String(value)),
        decode: (bytes): number => {
          const value = Number(Buffer.from(bytes).toString());
          if (Number.isNaN(value)) throw new Error("no number");
          return value;
        },
      },
    });
    await send(["1", "two", "3"]);
    const seen: number[] = [];
    const consumer = client.consumeBatch(
      numbers,
      options({ batch: { size: 3, waitMs: 20 }, onDecodeError: "skip" }),
      (messages) => void seen.push(...messages.map(({ body }) => body)),
    );
    await cluster.advance(consumer.start());
    await cluster.until("all are acknowledged", () => consumer.stats.acked === 3);
    expect(seen.sort()).to.deep.equal([1, 3]);
  });

  it("close waits for the batches that run", async () => {
    await send(["1"]);
    let release = (): void => {};
    const consumer = client.consumeBatch(
      orders,
      options({ batch: { size: 1 } }),
      () => new Promise<void>((resolve) => (release = resolve)),
    );
    await cluster.advance(consumer.start());
    await cluster.until("it runs", () => consumer.stats.inFlight === 1);
    let closed = false;
    const closing = consumer.close().then(() => (closed = true));
    await cluster.clock.advance(1_000);
    expect(closed).to.equal(false);
    release();
    await cluster.advance(closing);
    expect(consumer.stats.acked).to.equal(1);
  });
});
