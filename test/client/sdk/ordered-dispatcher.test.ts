import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { RetryLater } from "../../../client/sdk/handler-errors.js";
import type { MemoryCluster } from "../../support/memory-cluster.js";
import { gate, orders, range, sendOrders, startOrders, textOf } from "../../support/orders.js";

/** The number in a body such as `b8`. */
const numberOf = (body: string): number => Number(body.replace(/^\D+/, ""));

describe("handlers in ordered mode", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  const ordered = { group: "g", mode: "ordered", from: "earliest" } as const;
  const setUp = async (queues = 1, brokers: readonly string[] = ["a"]): Promise<void> => {
    ({ cluster, client } = await startOrders(queues, brokers));
  };
  const send = (bodies: readonly string[], more: object = {}) => sendOrders(cluster, client, bodies, more);
  const progress = async () => (await cluster.advance(client.admin.groups.describe("g"))).queues[0]!;
  afterEach(() => cluster.close());

  it("A5-05 [1,2,3][7,8,9][4,5,6] by three workers: 7 fails, 1 to 6 finish beside it, 8 and 9 wait, and no lower offset is skipped", async () => {
    await setUp();
    for (const [orderingKey, numbers] of Object.entries({ a: [1, 2, 3], b: [7, 8, 9], c: [4, 5, 6] }))
      await send(numbers.map(String), { orderingKey });
    const finished: string[] = [];
    let running = 0;
    let most = 0;
    let failing = true;
    const consumer = client.consume(orders, { ...ordered, concurrency: 3 }, async (message) => {
      most = Math.max(most, ++running);
      await cluster.clock.sleep(10);
      running--;
      if (textOf(message) === "7" && failing) throw new RetryLater(1_000);
      finished.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    await cluster.until("six are done", () => finished.length === 6);
    await cluster.clock.advance(5_000);
    expect([...finished].sort()).to.deep.equal(["1", "2", "3", "4", "5", "6"]);
    for (const triple of ["123", "456"])
      expect(finished.filter((body) => triple.includes(body)).join("")).to.equal(triple);
    expect(most, "triples run beside each other").to.equal(3);
    expect(await progress()).to.include({ offset: 3, lag: 3 });
    failing = false;
    await cluster.until("all are done", () => finished.length === 9);
    expect(finished.slice(6)).to.deep.equal(["7", "8", "9"]);
    await cluster.until("all is acknowledged", () => consumer.stats.acked === 9);
    await cluster.clock.advance(100);
    expect(await progress()).to.include({ offset: 9, lag: 0 });
  });

  it("A5-01 without a key one message of a queue at a time, in order, also after failures", async () => {
    await setUp(2);
    await send(range(30).map(String), { queueId: 0 });
    await send(
      range(30).map((i) => `q${i}`),
      { queueId: 1 },
    );
    const seen: string[] = [];
    let running = 0;
    let tries = 0;
    const consumer = client.consume(orders, ordered, async (message) => {
      expect(++running, "of both queues together").to.be.at.most(2);
      await cluster.clock.sleep(1);
      running--;
      if (++tries % 7 === 0) throw new Error("now and then");
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are handled", () => seen.length >= 60, 200_000);
    expect(seen.filter((body) => !body.startsWith("q"))).to.deep.equal(range(30).map(String));
    expect(seen.filter((body) => body.startsWith("q"))).to.deep.equal(range(30).map((i) => `q${i}`));
    await cluster.until("all is acknowledged", () => consumer.stats.acked === 60);
  });

  it("two keys that fail in one turn, to come again at once, both come again", async () => {
    await setUp();
    for (const key of ["a", "b"]) await send([`${key}0`, `${key}1`], { orderingKey: key });
    const seen: string[] = [];
    const consumer = client.consume(orders, ordered, async (message) => {
      if (message.attempt < 3) throw new RetryLater(0);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are handled", () => seen.length === 4);
    for (const key of ["a", "b"])
      expect(seen.filter((body) => body.startsWith(key))).to.deep.equal([`${key}0`, `${key}1`]);
    await cluster.until("all is acknowledged", () => consumer.stats.acked === 4);
  });

  it("a synchronous handler that throws keeps the order too", async () => {
    await setUp();
    await send(range(20).map(String), { orderingKey: "k" });
    const seen: string[] = [];
    let tries = 0;
    const consumer = client.consume(orders, ordered, (message) => {
      if (++tries % 5 === 0) throw new RetryLater(10);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are handled", () => seen.length >= 20);
    expect(seen).to.deep.equal(range(20).map(String));
  });

  it("A5-02 never has two messages of a key in handlers, and as many keys as allowed", async () => {
    await setUp(2);
    const producer = client.producer();
    const sends = range(20).flatMap((step) =>
      range(12).map((key) =>
        producer.send({ topic: orders, body: Buffer.from(`k${key}-${step}`), orderingKey: `k${key}` }),
      ),
    );
    await cluster.advance(Promise.all(sends));
    const running = new Set<string>();
    const seen = new Map<string, number>();
    let most = 0;
    let done = 0;
    const consumer = client.consume(orders, { ...ordered, concurrency: 5 }, async (message) => {
      const key = message.orderingKey!;
      expect(running.has(key), key).to.equal(false);
      running.add(key);
      most = Math.max(most, running.size);
      await cluster.clock.sleep(1 + (message.queueOffset % 3));
      running.delete(key);
      const step = Number(textOf(message).split("-")[1]);
      expect(step).to.equal(seen.get(key) ?? 0);
      seen.set(key, step + 1);
      done++;
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are done", () => done === 240);
    expect(most).to.equal(5);
    expect([...seen.values()]).to.deep.equal(range(12).map(() => 20));
  });

  it("lets other keys flow however little is taken ahead, and keeps nothing of those that are blocked", async () => {
    await setUp();
    await send(
      range(100).map((i) => `bad${i}`),
      { orderingKey: "bad" },
    );
    for (const key of range(20)) await send([`good${key}`], { orderingKey: `good${key}` });
    const seen: string[] = [];
    let failing = true;
    const options = { ...ordered, prefetch: { messages: 4 } };
    const consumer = client.consume(orders, options, (message) => {
      if (failing && message.orderingKey === "bad") throw new RetryLater(2_000);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    await cluster.until("the others are done", () => seen.length === 20);
    await cluster.clock.advance(500);
    expect(consumer.stats).to.include({ cached: 0, inFlight: 0 });
    failing = false;
    await cluster.until("all are done", () => seen.length === 120);
    expect(seen.slice(20)).to.deep.equal(range(100).map((i) => `bad${i}`));
  });

  it("begins a message again only when its handler, which took too long, has ended; other keys go on", async () => {
    await setUp();
    await send(["slow0", "slow1"], { orderingKey: "slow" });
    await send(["b0", "b1"], { orderingKey: "b" });
    const waiting = gate();
    const begun: string[] = [];
    const consumer = client.consume(orders, { ...ordered, consumeTimeoutMs: 2_000 }, async (message) => {
      begun.push(`${textOf(message)}#${message.attempt}`);
      if (textOf(message) === "slow0" && message.attempt === 1) await waiting.promise;
    });
    await cluster.advance(consumer.start());
    await cluster.clock.advance(10_000);
    expect(begun).to.deep.equal(["slow0#1", "b0#1", "b1#1"]);
    waiting.open();
    await cluster.until("all are done", () => begun.length === 5);
    expect(begun.slice(3)).to.deep.equal(["slow0#2", "slow1#1"]);
  });

  it("keeps the order, and begins nothing twice that runs, over a broken connection (A5-04)", async () => {
    await setUp();
    for (const key of ["x", "y"])
      await send(
        range(5).map((i) => `${key}${i}`),
        { orderingKey: key },
      );
    const waiting = gate();
    const begun: string[] = [];
    const consumer = client.consume(orders, ordered, async (message) => {
      begun.push(textOf(message));
      if (textOf(message) === "x0") await waiting.promise;
    });
    await cluster.advance(consumer.start());
    await cluster.until("one waits", () => begun.length === 6);
    cluster.network.cut("a:10911");
    await cluster.clock.advance(100);
    cluster.network.heal("a:10911");
    await cluster.clock.advance(2_000);
    waiting.open();
    await cluster.until("all have begun", () => begun.length >= 10);
    await cluster.clock.advance(1_000);
    expect(begun.filter((body) => body.startsWith("x"))).to.deep.equal(range(5).map((i) => `x${i}`));
  });

  it("goes on with the key of a message that was skipped, whose handler is told", async () => {
    await setUp();
    await send(["stuck", "next"], { orderingKey: "k" });
    const begun: string[] = [];
    let reason: unknown;
    const consumer = client.consume(orders, ordered, async (message, { signal }) => {
      begun.push(textOf(message));
      if (textOf(message) !== "stuck") return;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      reason = signal.reason;
      throw new Error("given up");
    });
    await cluster.advance(consumer.start());
    await cluster.until("it runs", () => begun.length === 1);
    const skip = { topic: "orders", queue: 0, offset: 0 };
    const would = await cluster.advance(client.admin.groups.skip("g", { ...skip, dryRun: true }));
    expect(would).to.deep.equal({ broker: "a", failures: 0, inFlight: true, waiting: 0 });
    await cluster.clock.advance(1_000);
    expect(begun).to.deep.equal(["stuck"]);
    await cluster.advance(client.admin.groups.skip("g", skip));
    await cluster.until("the next runs", () => begun.length === 2);
    expect(begun).to.deep.equal(["stuck", "next"]);
    expect(reason).to.include({ code: "LEASE_EXPIRED" });
  });

  it("of a batch repeats what failed of each key in order, and goes on with the others", async () => {
    await setUp();
    for (const key of ["a", "b"])
      await send(
        range(6).map((i) => `${key}${i}`),
        { orderingKey: key },
      );
    const done: string[] = [];
    let failures = 0;
    const options = { ...ordered, batch: { size: 4, waitMs: 10 }, retry: { attempts: 9, delaysMs: [50] } };
    const consumer = client.consumeBatch(orders, options, (messages) => {
      const failed = messages.filter((message) => message.orderingKey === "a" && failures++ < 5);
      for (const message of messages) if (!failed.includes(message)) done.push(textOf(message));
      return { failed };
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are done", () => done.length === 12);
    for (const key of ["a", "b"])
      expect(done.filter((body) => body.startsWith(key)).map(numberOf)).to.deep.equal(range(6));
    expect(done.indexOf("b5"), "the other key did not wait").to.be.below(done.indexOf("a0"));
  });

  it("gives back a queue that moves without beginning anything more of it, and its new owner goes on in order", async () => {
    await setUp(2);
    const keys = range(8).map((i) => `k${i}`);
    for (const orderingKey of keys)
      await send(
        range(10).map((i) => `${orderingKey}-${i}`),
        { orderingKey },
      );
    const handled = new Map<string, string[]>(keys.map((key) => [key, []]));
    const handler = async (message: Parameters<typeof textOf>[0]): Promise<void> => {
      await cluster.clock.sleep(20);
      if (message.queueOffset % 7 === 0 && message.attempt === 1) throw new RetryLater(300);
      handled.get(message.orderingKey!)!.push(textOf(message));
    };
    const first = client.consume(orders, ordered, handler);
    await cluster.advance(first.start());
    await cluster.until("it is under way", () => [...handled.values()].flat().length > 10);
    const other = await cluster.connect();
    const second = other.consume(orders, ordered, handler);
    await cluster.advance(second.start());
    await cluster.until("all are done", () => [...handled.values()].flat().length >= 80);
    await cluster.clock.advance(2_000);
    for (const [key, bodies] of handled) expect(bodies).to.deep.equal(range(10).map((i) => `${key}-${i}`));
    expect(second.stats.acked).to.be.above(0);
  });
});
