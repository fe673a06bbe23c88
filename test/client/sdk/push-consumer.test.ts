import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import {
  type ConsumeOptions,
  type HandlerContext,
  type Message,
  RetryLater,
} from "../../../client/sdk/types.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { follow, MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();

/** A promise that a test settles. */
function gate(): { promise: Promise<void>; open: () => void; fail: (error: Error) => void } {
  let open = (): void => {};
  let fail: (error: Error) => void = () => {};
  const promise = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { promise, open, fail };
}

describe("push consumer", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  const from: Pick<ConsumeOptions, "from"> = { from: "earliest" };

  async function setUp(queues = 1, brokers: readonly string[] = ["a"]): Promise<void> {
    cluster = await MemoryCluster.start(brokers);
    client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues, type: "mixed" }));
  }

  async function send(bodies: readonly string[], more: object = {}): Promise<void> {
    const producer = client.producer();
    await cluster.advance(
      Promise.all(bodies.map((body) => producer.send({ topic: orders, body: Buffer.from(body), ...more }))),
    );
    await cluster.advance(producer.close());
  }

  afterEach(() => cluster.close());

  it("a message shows what its producer gave and where it is", async () => {
    await setUp();
    await send(["hello"], { tag: "t", keys: ["k"], properties: { p: "1" }, orderingKey: "o" });
    const seen: Message<Uint8Array>[] = [];
    const consumer = client.consume(orders, { group: "g", ...from }, (message) => void seen.push(message));
    await cluster.advance(consumer.start());
    await cluster.until("it came", () => seen.length === 1);
    const [message] = seen;
    expect(textOf(message!)).to.equal("hello");
    expect(message).to.include({
      topic: "orders",
      broker: "a",
      tag: "t",
      orderingKey: "o",
      queueId: 0,
      queueOffset: 0,
      attempt: 1,
      bornHost: "host-0",
    });
    expect(message!.keys).to.deep.equal(["k"]);
    expect(message!.properties).to.deep.equal({ p: "1" });
    expect(message!.id).to.match(/^a-1-\d+$/);
    expect(message!.storedAt.getTime()).to.be.at.least(message!.bornAt.getTime());
    expect(message!.raw).to.equal(message!.body);
  });

  it("a small body does not keep its frame, a large one is not copied", async () => {
    await setUp();
    await send(["small", ...range(20).map((i) => `filler ${i}`)]);
    await send(["x".repeat(100_000)]);
    const bodies: Uint8Array[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void bodies.push(message.body),
    );
    await cluster.advance(consumer.start());
    await cluster.until("all came", () => bodies.length === 22);
    const [small, large] = [
      bodies.find(({ length }) => length === 5)!,
      bodies.find(({ length }) => length > 1_000)!,
    ];
    expect(small.buffer.byteLength).to.be.below(64 << 10);
    expect(large.buffer.byteLength).to.be.above(100_000);
  });

  it("A4-08 a message is acknowledged when the handler's promise settles, not before", async () => {
    await setUp();
    await send(["1", "2", "3"]);
    const gates = new Map<string, ReturnType<typeof gate>>();
    const consumer = client.consume(orders, { group: "g", ...from }, (message) => {
      const waiting = gate();
      gates.set(textOf(message), waiting);
      return waiting.promise;
    });
    await cluster.advance(consumer.start());
    await cluster.until("all run", () => gates.size === 3);
    expect(consumer.stats).to.include({ inFlight: 3, cached: 0, acked: 0 });
    expect(await lag()).to.equal(3);
    gates.get("2")!.open();
    await cluster.clock.advance(50);
    expect(await lag()).to.equal(2);
    for (const { open } of gates.values()) open();
    await cluster.clock.advance(50);
    expect(await lag()).to.equal(0);
    expect(consumer.stats).to.include({ inFlight: 0, acked: 3, retried: 0 });
  });

  async function lag(group = "g"): Promise<number> {
    const { queues } = await cluster.advance(client.admin.groups.describe(group));
    return queues.reduce((sum, queue) => sum + queue.lag, 0);
  }

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

  it("A5-01 ordered: one message of a queue at a time, in order, also after failures", async () => {
    await setUp(2);
    await send(range(30).map(String), { orderingKey: "k" });
    await send(
      range(30).map((i) => `q${i}`),
      { orderingKey: "other" },
    );
    const seen: string[] = [];
    let running = 0;
    let tries = 0;
    const consumer = client.consume(orders, { group: "g", mode: "ordered", ...from }, async (message) => {
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

  it("ordered: a synchronous handler that throws keeps the order too", async () => {
    await setUp();
    await send(range(20).map(String), { orderingKey: "k" });
    const seen: string[] = [];
    let tries = 0;
    const consumer = client.consume(orders, { group: "g", mode: "ordered", ...from }, (message) => {
      if (++tries % 5 === 0) throw new RetryLater(10);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    await cluster.until("all are handled", () => seen.length >= 20);
    expect(seen).to.deep.equal(range(20).map(String));
  });

  it("A1-07 broadcast: every member gets everything, and again what its own handler failed on", async () => {
    await setUp(2);
    const seen: string[][] = [[], [], []];
    for (const [i, mine] of seen.entries()) {
      const other = await cluster.connect();
      const consumer = other.consume(orders, { group: "g", mode: "broadcast" }, (message) => {
        mine.push(textOf(message));
        if (i === 0 && textOf(message) === "5" && message.attempt === 1) throw new Error("once");
      });
      await cluster.advance(consumer.start());
    }
    await send(range(10).map(String));
    await cluster.until(
      "everybody has all",
      () => seen[0]!.length >= 11 && seen[1]!.length >= 10 && seen[2]!.length >= 10,
    );
    expect(seen.map((mine) => mine.length)).to.deep.equal([11, 10, 10]);
    for (const mine of seen) expect(mine).to.include.members(range(10).map(String));
  });

  it("broadcast: a broken connection loses and repeats nothing", async () => {
    await setUp();
    const seen: string[] = [];
    const consumer = client.consume(orders, { group: "g", mode: "broadcast" }, async (message) => {
      await cluster.clock.sleep(message.queueOffset % 3);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    for (let round = 0; round < 5; round++) {
      await send(range(20).map((i) => `${round}.${i}`));
      cluster.network.cut("a:10911");
      await cluster.clock.advance(30);
      cluster.network.heal("a:10911");
      await cluster.clock.advance(500);
    }
    await cluster.until("all came", () => seen.length >= 100);
    expect(new Set(seen).size).to.equal(100);
    expect(seen).to.have.length(100);
  });

  it("shared: members take messages of any queue, each once", async () => {
    await setUp(1);
    await send(range(60).map(String));
    const seen: string[][] = [[], []];
    for (const mine of seen) {
      const consumer = client.consume(
        orders,
        { group: "g", mode: "shared", concurrency: 4, ...from },
        async (message) => {
          await cluster.clock.sleep(10);
          mine.push(textOf(message));
        },
      );
      await cluster.advance(consumer.start());
    }
    await cluster.until("all came", () => seen[0]!.length + seen[1]!.length >= 60);
    expect([...seen[0]!, ...seen[1]!].sort()).to.deep.equal(range(60).map(String).sort());
    expect(seen[0]!.length).to.be.above(10);
    expect(seen[1]!.length).to.be.above(10);
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

  it("A4-15 takes no more than its limits while the handlers stand still", async () => {
    await setUp(4);
    await send(range(500).map(String));
    const waiting = gate();
    const consumer = client.consume(
      orders,
      { group: "g", prefetch: { messages: 50 }, concurrency: 5, ...from },
      () => waiting.promise,
    );
    const statuses = follow(client);
    await cluster.advance(consumer.start());
    await cluster.clock.advance(5_000);
    expect(consumer.stats).to.include({ inFlight: 5, cached: 45 });
    expect(statuses).to.deep.include({ type: "paused", group: "g", reason: "cache-full" });
    waiting.open();
    await cluster.until("all is done", () => consumer.stats.acked === 500);
    expect(statuses).to.deep.include({ type: "resumed", group: "g", reason: "cache-full" });
  });

  it("pause begins no handler, resume goes on", async () => {
    await setUp();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    consumer.pause();
    await send(["1", "2"]);
    await cluster.clock.advance(1_000);
    expect(seen).to.deep.equal([]);
    consumer.resume();
    await cluster.until("they came", () => seen.length === 2);
  });

  it("tags are filtered", async () => {
    await setUp();
    for (const tag of ["a", "b", "c"]) await send([tag], { tag });
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", filter: { tags: ["a", "c"] }, ...from },
      (message) => void seen.push(message.tag!),
    );
    await cluster.advance(consumer.start());
    await cluster.until("they came", () => seen.length === 2);
    await cluster.clock.advance(100);
    expect(seen).to.deep.equal(["a", "c"]);
    expect(await lag()).to.equal(0);
  });

  it("from: latest skips what is there, a time begins at it", async () => {
    await setUp();
    await send(["old"]);
    await cluster.clock.advance(10_000);
    const timestamp = new Date(cluster.clock.nowMs());
    await send(["middle"]);
    const seen: Record<string, string[]> = { latest: [], time: [] };
    const latest = client.consume(
      orders,
      { group: "latest" },
      (message) => void seen["latest"]!.push(textOf(message)),
    );
    const time = client.consume(
      orders,
      { group: "time", from: { timestamp } },
      (message) => void seen["time"]!.push(textOf(message)),
    );
    await cluster.advance(Promise.all([latest.start(), time.start()]));
    await cluster.clock.advance(100);
    await send(["new"]);
    await cluster.until("they came", () => seen["time"]!.length === 2 && seen["latest"]!.length === 1);
    expect(seen).to.deep.equal({ latest: ["new"], time: ["middle", "new"] });
  });

  it("A4-09 what a closed member had in hand goes to the next, what it had handled does not", async () => {
    await setUp();
    await send(range(10).map(String));
    const first: string[] = [];
    const waiting = gate();
    const one = client.consume(orders, { group: "g", ...from }, (message) => {
      first.push(textOf(message));
      return first.length > 4 ? waiting.promise : undefined;
    });
    await cluster.advance(one.start());
    await cluster.until("it is under way", () => first.length === 10);
    await cluster.advance(one.close({ timeoutMs: 100 }));
    const second: string[] = [];
    const two = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void second.push(textOf(message)),
    );
    await cluster.advance(two.start());
    await cluster.until("the rest came", () => second.length === 6);
    expect(second).to.deep.equal(["4", "5", "6", "7", "8", "9"]);
    waiting.open();
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

  it("A4-04 a queue that moves lets its handlers finish, and is told of", async () => {
    await setUp(4);
    await send(range(40).map(String));
    const statuses = follow(client);
    const seen: string[] = [];
    const consume = (who: string) =>
      client.consume(
        orders,
        { group: "g", concurrency: 2, prefetch: { messages: 4 }, ...from },
        async (message) => {
          await cluster.clock.sleep(20);
          seen.push(`${who}${textOf(message)}`);
        },
      );
    const one = consume("x");
    await cluster.advance(one.start());
    await cluster.clock.advance(30);
    const two = consume("y");
    await cluster.advance(two.start());
    await cluster.until("all came", () => seen.length >= 40);
    await cluster.clock.advance(500);
    expect(new Set(seen.map((body) => body.slice(1))).size).to.equal(40);
    expect(seen.length).to.equal(40);
    const assigned = statuses.filter((status) => status.type === "assignment");
    expect(assigned.at(-1)).to.include({ group: "g", topic: "orders", broker: "a" });
    expect(assigned.some((status) => status.queues.length === 4)).to.equal(true);
    expect(assigned.filter((status) => status.queues.length === 2).length).to.be.at.least(2);
  });

  it("A4-05 after a broken connection nothing acknowledged comes again, and nothing in a handler runs twice", async () => {
    await setUp(2);
    const seen: string[] = [];
    const consumer = client.consume(orders, { group: "g", concurrency: 8, ...from }, async (message) => {
      await cluster.clock.sleep(message.queueOffset % 7);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    for (let round = 0; round < 10; round++) {
      await send(range(30).map((i) => `${round}.${i}`));
      await cluster.clock.advance(round);
      cluster.network.cut("a:10911");
      await cluster.clock.advance(20);
      cluster.network.heal("a:10911");
      await cluster.clock.advance(300);
    }
    await cluster.until("all came", () => new Set(seen).size === 300);
    await cluster.until("all is acknowledged", () => consumer.stats.acked >= 300);
    expect(seen).to.have.length(300);
  });

  it("goes on after the broker was killed and started again", async () => {
    await setUp(2);
    const seen = new Set<string>();
    const statuses = follow(client);
    const consumer = client.consume(orders, { group: "g", ...from }, async (message) => {
      await cluster.clock.sleep(1);
      seen.add(textOf(message));
    });
    await cluster.advance(consumer.start());
    await send(range(50).map((i) => `x${i}`));
    await cluster.kill("a");
    await cluster.clock.advance(2_000);
    await cluster.startBroker("a");
    await send(range(50).map((i) => `y${i}`));
    await cluster.until("all came", () => seen.size === 100);
    const states = statuses.flatMap((status) =>
      (status.type === "connected" || status.type === "reconnecting") && status.endpoint === "a:10911"
        ? status.type
        : [],
    );
    expect(states).to.include.members(["connected", "reconnecting"]);
    expect(states.at(-1)).to.equal("connected");
  });

  it("finds a topic that is made later, and queues on a broker that comes later", async () => {
    cluster = await MemoryCluster.start(["a"]);
    client = await cluster.connect();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(message.broker + textOf(message)),
    );
    await cluster.advance(consumer.start());
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    await send(["1"]);
    await cluster.until("it came", () => seen.length === 1);
    await cluster.startBroker("b");
    await cluster.advance(client.admin.topics.update("orders", { queues: 2 }));
    await send(["2"], { broker: "b" });
    await cluster.until("it came", () => seen.length === 2);
    expect(seen).to.deep.equal(["a1", "b2"]);
  });

  it("one member has one id on all brokers", async () => {
    await setUp(4, ["a", "b"]);
    const consumer = client.consume(orders, { group: "g", ...from }, () => {});
    await cluster.advance(consumer.start());
    await cluster.clock.advance(100);
    const { members } = await cluster.advance(client.admin.groups.describe("g"));
    expect(members.map(({ broker }) => broker).sort()).to.deep.equal(["a", "b"]);
    expect(new Set(members.map(({ id }) => id)).size).to.equal(1);
  });

  it("start rejects where the group wants something else, and says what", async () => {
    await setUp();
    const one = client.consume(orders, { group: "g" }, () => {});
    await cluster.advance(one.start());
    const two = client.consume(orders, { group: "g", filter: { tags: ["x"] } }, () => {});
    const error = await cluster.advance(two.start().catch((thrown: unknown) => thrown));
    expect(error).to.include({ code: "SUBSCRIPTION_MISMATCH" });
    expect((error as Error).message).to.contain("tags");
  });

  it("a stopping broker is left in peace and found again", async () => {
    await setUp();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    await send(["1"]);
    await cluster.until("it came", () => seen.length === 1);
    await cluster.stop("a");
    await cluster.clock.advance(1_000);
    await cluster.startBroker("a");
    await send(["2"]);
    await cluster.until("it came", () => seen.length === 2);
    expect(seen).to.deep.equal(["1", "2"]);
  });

  it("an operator's pause is told, and holds", async () => {
    await setUp();
    const statuses = follow(client);
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    await cluster.advance(client.admin.groups.pause("g"));
    await send(["1"]);
    await cluster.clock.advance(500);
    expect(seen).to.deep.equal([]);
    await cluster.advance(client.admin.groups.resume("g"));
    await cluster.until("it came", () => seen.length === 1);
    for (const type of ["paused", "resumed"] as const)
      expect(statuses).to.deep.include({ type, group: "g", reason: "group" });
  });
});
