import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { RetryLater } from "../../../client/sdk/handler-errors.js";
import { topic } from "../../../client/sdk/topic.js";
import type { MemoryCluster } from "../../support/memory-cluster.js";
import { gate, orders, sendOrders, startOrders, textOf } from "../../support/orders.js";

const BROKER = "a:10911";

/** Texts, of which the broken ones cannot be decoded. */
const texts = (isBroken: (text: string) => boolean) =>
  topic("orders", {
    codec: {
      contentType: "text/plain",
      encode: (text: string) => Buffer.from(text),
      decode: (bytes: Uint8Array) => {
        const text = Buffer.from(bytes).toString();
        if (isBroken(text)) throw new Error(`${text} is broken`);
        return text;
      },
    },
  });

describe("what comes again", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  const group = { group: "g", from: "earliest" } as const;
  const ordered = { ...group, mode: "ordered" } as const;
  const setUp = async (queues = 1): Promise<void> => {
    ({ cluster, client } = await startOrders(queues, ["a"]));
  };
  const send = (bodies: readonly string[], more: object = {}) => sendOrders(cluster, client, bodies, more);
  const skip = (offset: number) =>
    cluster.advance(client.admin.groups.skip("g", { topic: "orders", queue: 0, offset }));
  afterEach(() => cluster.close());

  async function reconnect(): Promise<void> {
    cluster.network.cut(BROKER);
    await cluster.clock.advance(50);
    cluster.network.heal(BROKER);
    await cluster.clock.advance(700);
  }

  for (const mode of ["concurrent", "ordered"] as const)
    it(`${mode}: is not what ran over a new stream and was acknowledged, though no handler was free`, async () => {
      await setUp();
      await send(["a"], { orderingKey: "a" });
      await send(["b"], { orderingKey: "b" });
      const seen: string[] = [];
      const { promise, open } = gate();
      const consumer = client.consume(orders, { ...group, mode, concurrency: 1 }, (message) => {
        seen.push(textOf(message));
        return promise;
      });
      await cluster.advance(consumer.start());
      await cluster.until("one runs", () => seen.length === 1);
      await reconnect();
      open();
      await cluster.clock.advance(1_000);
      expect(seen).to.deep.equal(["a", "b"]);
    });

  it("is no batch that ran over a new stream", async () => {
    await setUp();
    await send(["0", "1"], { orderingKey: "k" });
    const seen: string[] = [];
    const { promise, open } = gate();
    const options = { ...ordered, batch: { size: 2, waitMs: 10 } };
    const consumer = client.consumeBatch(orders, options, (messages) => {
      seen.push(messages.map(textOf).join());
      return promise;
    });
    await cluster.advance(consumer.start());
    await cluster.until("it runs", () => seen.length === 1);
    await reconnect();
    open();
    await cluster.clock.advance(1_000);
    expect(seen).to.deep.equal(["0,1"]);
  });

  for (const batch of [undefined, { size: 1, waitMs: 0 }])
    it(`${batch === undefined ? "ordered" : "in ordered batches"}: waits for the handler that has had the key since before the broker was killed`, async () => {
      await setUp();
      await send(["0", "1"], { orderingKey: "k" });
      const log: string[] = [];
      const { promise, open } = gate();
      const handle = async (body: string): Promise<void> => {
        log.push(`begin ${body}`);
        if (log.length === 1) await promise;
        log.push(`end ${body}`);
      };
      const consumer =
        batch === undefined
          ? client.consume(orders, ordered, (message) => handle(textOf(message)))
          : client.consumeBatch(orders, { ...ordered, batch }, ([message]) => handle(textOf(message!)));
      await cluster.advance(consumer.start());
      await cluster.until("the first runs", () => log.length === 1);
      for (let kills = 0; kills < 2; kills++) {
        await cluster.kill("a");
        await cluster.startBroker("a");
        await cluster.clock.advance(10_000);
      }
      expect(log).to.deep.equal(["begin 0"]);
      open();
      await cluster.clock.advance(1_000);
      expect(log).to.deep.equal(["begin 0", "end 0", "begin 0", "end 0", "begin 1", "end 1"]);
    });

  it("in ordered batches: is handled before what stands behind it in its key, when it cannot be decoded", async () => {
    await setUp();
    await send(["0", "1", "2", "3"], { orderingKey: "k" });
    let broken = "1";
    const seen: string[] = [];
    const options = { ...ordered, batch: { size: 4, waitMs: 10 }, retry: { delaysMs: [500] } };
    const consumer = client.consumeBatch(
      texts((text) => text === broken),
      options,
      (messages) => void seen.push(...messages.map(({ body }) => body)),
    );
    await cluster.advance(consumer.start());
    await cluster.clock.advance(300);
    expect(seen).to.deep.equal(["0"]);
    broken = "";
    await cluster.clock.advance(3_000);
    expect(seen).to.deep.equal(["0", "1", "2", "3"]);
  });

  it("in ordered batches: comes until it is handled, also after the one before it became a dead letter", async () => {
    await setUp();
    await cluster.advance(client.admin.groups.create("g", { maxAttempts: 1_000 }));
    await send(["0", "1"], { orderingKey: "k" });
    await send(["x", "y", "z"], { orderingKey: "l" });
    const done: string[] = [];
    let failing = true;
    const options = { ...ordered, batch: { size: 5, waitMs: 50 }, prefetch: { messages: 5 } };
    const consumer = client.consumeBatch(
      texts((text) => text === "0"),
      { ...options, onDecodeError: "dead-letter" },
      async (messages) => {
        await cluster.clock.sleep(200);
        if (failing && messages.some(({ body }) => body === "1")) throw new RetryLater(1_000);
        done.push(...messages.map(({ body }) => body));
      },
    );
    await cluster.advance(consumer.start());
    await cluster.clock.advance(5_000);
    failing = false;
    await cluster.clock.advance(10_000);
    expect([...done].sort()).to.deep.equal(["1", "x", "y", "z"]);
  });

  it("waits as long as its handler has asked for while the stream was broken, at any attempt", async () => {
    await setUp();
    await send(["0"], { orderingKey: "k" });
    const attempts: number[] = [];
    const { promise, open } = gate();
    const consumer = client.consume(orders, ordered, async ({ attempt }) => {
      attempts.push(attempt);
      if (attempt === 1) throw new RetryLater(0);
      await promise;
      if (attempt === 2) throw new RetryLater(60_000);
    });
    await cluster.advance(consumer.start());
    await cluster.until("the second attempt runs", () => attempts.length === 2);
    cluster.network.cut(BROKER);
    await cluster.clock.advance(5);
    open();
    await cluster.clock.advance(50);
    cluster.network.heal(BROKER);
    await cluster.clock.advance(50_000);
    expect(attempts).to.deep.equal([1, 2]);
    await cluster.clock.advance(15_000);
    expect(attempts).to.deep.equal([1, 2, 3]);
  });

  it("ordered: is nothing that was skipped while it waited for its key", async () => {
    await setUp();
    await send(["0", "1", "2"], { orderingKey: "k" });
    const seen: string[] = [];
    const { promise, open } = gate();
    const consumer = client.consume(orders, ordered, async (message) => {
      seen.push(textOf(message));
      if (textOf(message) === "0") await promise;
    });
    await cluster.advance(consumer.start());
    await cluster.until("the first runs", () => seen.length === 1);
    await skip(1);
    open();
    await cluster.clock.advance(1_000);
    expect(seen).to.deep.equal(["0", "2"]);
  });

  it("shared: the handler of a message that is skipped is told", async () => {
    await setUp();
    await send(["0"]);
    let signal: AbortSignal | undefined;
    const { promise, open } = gate();
    const consumer = client.consume(orders, { ...group, mode: "shared" }, (_, context) => {
      signal = context.signal;
      return promise;
    });
    await cluster.advance(consumer.start());
    await cluster.until("it runs", () => signal !== undefined);
    await skip(0);
    await cluster.until("it was told", () => signal!.aborted);
    open();
  });

  it("goes to the other member as soon as the last handler of a revoked queue has ended, though that had timed out", async () => {
    await setUp(2);
    await send(["0"], { queueId: 0 });
    await send(["1"], { queueId: 1 });
    const { promise, open } = gate();
    const begun: string[] = [];
    const taken: string[] = [];
    const options = { ...ordered, consumeTimeoutMs: 500, retry: { delaysMs: [100] } };
    const slow = client.consume(orders, options, (message) => {
      begun.push(textOf(message));
      return promise;
    });
    await cluster.advance(slow.start());
    await cluster.until("both run", () => begun.length === 2);
    await cluster.clock.advance(700);
    const other = await cluster.connect();
    const quick = other.consume(orders, options, (message) => void taken.push(textOf(message)));
    await cluster.advance(quick.start());
    await cluster.clock.advance(500);
    expect(taken).to.deep.equal([]);
    open();
    await cluster.clock.advance(1_000);
    expect(taken).to.have.length(1);
  });
});
