import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { RetryLater } from "../../../client/sdk/handler-errors.js";
import type { HandlerContext } from "../../../client/sdk/types.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { follow, type MemoryCluster } from "../../support/memory-cluster.js";
import { gate, orders, range, sendOrders, startOrders, textOf } from "../../support/orders.js";

describe("handlers of a push consumer", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  const from = { from: "earliest" } as const;
  const setUp = async (queues = 1, brokers: readonly string[] = ["a"]): Promise<void> => {
    ({ cluster, client } = await startOrders(queues, brokers));
  };
  const send = (bodies: readonly string[], more: object = {}) => sendOrders(cluster, client, bodies, more);
  const lag = async (): Promise<number> => {
    const { queues } = await cluster.advance(client.admin.groups.describe("g"));
    return queues.reduce((sum, queue) => sum + queue.lag, 0);
  };
  afterEach(() => cluster.close());

  it("A4-13 A4-16 never more handlers at once than allowed, and as many as allowed", async () => {
    for (const concurrency of [1, 16]) {
      await setUp(4);
      await send(range(100).map(String));
      let running = 0;
      let most = 0;
      let done = 0;
      const consumer = client.consume(orders, { group: "g", concurrency, ...from }, async () => {
        most = Math.max(most, ++running);
        await cluster.clock.sleep(10);
        running--;
        done++;
      });
      await cluster.advance(consumer.start());
      await cluster.until("all are done", () => done === 100);
      expect(most).to.equal(concurrency);
      if (concurrency === 1) await cluster.close();
    }
  });

  it("A4-10 a handler that throws gets its message again after a while, the others are not held up", async () => {
    await setUp();
    await send(["1", "bad", "3"]);
    const seen: string[] = [];
    let failures = 0;
    const statuses = follow(client);
    const consumer = client.consume(orders, { group: "g", ...from }, (message) => {
      seen.push(`${textOf(message)}#${message.attempt}`);
      if (textOf(message) === "bad" && failures++ < 2) throw new Error("not now");
    });
    await cluster.advance(consumer.start());
    await cluster.until("it was handled", () => seen.length === 5);
    expect(seen).to.deep.equal(["1#1", "bad#1", "3#1", "bad#2", "bad#3"]);
    expect(consumer.stats).to.include({ retried: 2 });
    const errors = statuses.filter((status) => status.type === "error");
    expect(errors).to.have.length(2);
    expect(errors[0]).to.have.nested.property("error.message").that.contains("not now");
    await cluster.until("all is acknowledged", () => consumer.stats.acked === 3);
  });

  it("A4-14 the wait before another delivery is the handler's, else the consumer's, else the group's", async () => {
    await setUp();
    await send(["m"]);
    const atMs: number[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", retry: { delaysMs: [200, 3_000] }, ...from },
      (message) => {
        atMs.push(cluster.clock.monotonicMs());
        if (message.attempt === 1) throw new RetryLater(10_000);
        if (message.attempt <= 4) throw new Error("again");
      },
    );
    await cluster.advance(consumer.start());
    await cluster.until("it was handled", () => atMs.length === 5);
    const waits = atMs.slice(1).map((ms, i) => ms - atMs[i]!);
    for (const [i, ms] of [10_000, 3_000, 3_000, 3_000].entries())
      expect(waits[i]).to.be.within(ms, ms + 500);
  });

  it("shared: a lease is kept while its handler runs, however long, and what waits keeps its own", async () => {
    await setUp();
    await send(["long", "behind"]);
    const attempts: string[] = [];
    const options = { group: "g", mode: "shared", concurrency: 1, leaseMs: 2_000, ...from } as const;
    const consumer = client.consume(orders, options, async (message) => {
      attempts.push(`${textOf(message)}#${message.attempt}`);
      await cluster.clock.sleep(15_000);
    });
    await cluster.advance(consumer.start());
    await cluster.until("both are done", () => consumer.stats.acked === 2);
    expect(attempts).to.deep.equal(["long#1", "behind#1"]);
  });

  it("shared: a handler that takes longer than it may is told, and the message goes out again", async () => {
    await setUp();
    await send(["slow"]);
    const attempts: number[] = [];
    let aborted: unknown;
    const options = { group: "g", mode: "shared", consumeTimeoutMs: 5_000, ...from } as const;
    const consumer = client.consume(orders, options, async (message, { signal }) => {
      attempts.push(message.attempt);
      if (message.attempt > 1) return;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      aborted = signal.reason;
    });
    await cluster.advance(consumer.start());
    await cluster.until("it was handled", () => consumer.stats.acked === 1);
    expect(attempts).to.deep.equal([1, 2]);
    expect(aborted).to.include({ code: "TIMEOUT" });
  });

  it("shared: the signal of a handler aborts when its lease is lost", async () => {
    await setUp();
    await send(["m"]);
    let reason: unknown;
    const contexts: HandlerContext[] = [];
    const options = { group: "g", mode: "shared", leaseMs: 2_000, ...from } as const;
    const consumer = client.consume(orders, options, async (_, context) => {
      contexts.push(context);
      if (contexts.length > 1) return;
      await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
      reason = context.signal.reason;
    });
    await cluster.advance(consumer.start());
    await cluster.until("it runs", () => contexts.length === 1);
    await cluster.advance(client.admin.groups.resetOffset("g", { topic: "orders", to: "earliest" }));
    await cluster.until("it was told", () => reason !== undefined);
    expect(LogwheelError.is(reason)).to.equal(true);
  });

  it("extend puts off the end of a handler's time", async () => {
    await setUp();
    await send(["m"]);
    const attempts: number[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", consumeTimeoutMs: 2_000, ...from },
      async (message, context) => {
        attempts.push(message.attempt);
        await context.extend(20_000);
        await cluster.clock.sleep(10_000);
      },
    );
    await cluster.advance(consumer.start());
    await cluster.until("it was handled", () => consumer.stats.acked === 1);
    expect(attempts).to.deep.equal([1]);
  });

  it("close waits for handlers, then the broker has every acknowledgement", async () => {
    await setUp();
    await send(range(5).map(String));
    let running = 0;
    const waiting = gate();
    const consumer = client.consume(orders, { group: "g", ...from }, async () => {
      running++;
      await waiting.promise;
    });
    await cluster.advance(consumer.start());
    await cluster.until("they run", () => running === 5);
    let closed = false;
    const close = consumer.close().then(() => {
      closed = true;
    });
    await cluster.clock.advance(1_000);
    expect(closed).to.equal(false);
    waiting.open();
    await cluster.advance(close);
    expect(await lag()).to.equal(0);
    const { members } = await cluster.advance(client.admin.groups.describe("g"));
    expect(members).to.deep.equal([]);
  });

  it("close aborts handlers at its deadline", async () => {
    await setUp();
    await send(["m"]);
    let reason: unknown;
    const consumer = client.consume(orders, { group: "g", ...from }, (_, { signal }) => {
      signal.addEventListener("abort", () => {
        reason = signal.reason;
      });
      return new Promise(() => {});
    });
    await cluster.advance(consumer.start());
    await cluster.until("it runs", () => consumer.stats.inFlight === 1);
    const before = cluster.clock.monotonicMs();
    await cluster.advance(consumer.close());
    expect(cluster.clock.monotonicMs() - before).to.be.within(30_000, 30_100);
    expect(reason).to.include({ code: "CLOSED" });
  });
});
