import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { RetryLater } from "../../../client/sdk/handler-errors.js";
import type { Message } from "../../../client/sdk/types.js";
import { follow, type MemoryCluster } from "../../support/memory-cluster.js";
import { gate, orders, range, sendOrders, startOrders, textOf } from "../../support/orders.js";

describe("push consumer", () => {
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

  it("a wait that is none costs neither the stream nor the attempts", async () => {
    await setUp();
    await send(["1"]);
    for (const [i, bad] of [-1, Number.NaN, Number.POSITIVE_INFINITY, "5s", undefined].entries()) {
      const seen: number[] = [];
      const consumer = client.consume(orders, { group: `g${i}`, ...from }, ({ attempt }) => {
        seen.push(attempt);
        if (attempt === 1) throw new RetryLater(bad as number);
      });
      await cluster.advance(consumer.start());
      await cluster.until("it came", () => seen.length === 1);
      await cluster.clock.advance(9_000);
      expect(seen).to.deep.equal([1]);
      await cluster.until("it came again", () => seen.length === 2);
      expect(seen).to.deep.equal([1, 2]);
      expect(consumer.stats.acked).to.equal(1);
      await cluster.advance(consumer.close());
    }
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
    // Small buffers share a pool, whose size is the business of each version of Node; the frame is larger than the large body.
    expect(small.buffer.byteLength).to.be.below(100_000);
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

  it("broadcast: a member goes on where it was after its broker was stopped, or was away for long", async () => {
    await setUp();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", mode: "broadcast" },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    consumer.pause();
    await send(["0", "1"]);
    await cluster.stop("a");
    await cluster.clock.advance(1_000);
    await cluster.startBroker("a");
    await send(["2"]);
    await cluster.kill("a");
    await cluster.clock.advance(200_000);
    await cluster.startBroker("a");
    await send(["3"]);
    consumer.resume();
    await cluster.until("all came", () => seen.length >= 4);
    expect(seen).to.deep.equal(["0", "1", "2", "3"]);
  });

  it("broadcast: what a broker stores after it lost the end of its log is not taken for what was there before", async () => {
    await setUp();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", mode: "broadcast" },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    await send(["kept"]);
    const left = cluster.filesOf("a").clone();
    await send(["lost", "lost too"]);
    await cluster.until("all came", () => seen.length === 3);
    await cluster.kill("a");
    await cluster.startBroker("a", left);
    await cluster.clock.advance(5_000);
    await send(["new", "newer"]);
    await cluster.until("what is new came", () => seen.length === 5, 5_000);
    expect(seen.slice(3)).to.deep.equal(["new", "newer"]);
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

  describe("an SQL filter", () => {
    const filter = { sql: "price > 10 AND region IN ('eu', 'us')" };
    const wanted = ["eu 11", "eu 12", "us 11", "us 12"];
    const sendPriced = async (): Promise<void> => {
      for (const region of ["eu", "ap", "us"])
        for (const price of ["9", "10", "11", "12", "dear"])
          await send([`${region} ${price}`], { properties: { region, price } });
      await send(["without properties"]);
    };
    const take = (seen: string[]) => (message: Message<Uint8Array>) => void seen.push(textOf(message));

    for (const mode of ["concurrent", "ordered", "shared"] as const)
      it(`in mode ${mode} lets through what it is true of, on every broker, and the rest counts as handled (A11-12)`, async () => {
        await setUp(2, ["a", "b"]);
        await sendPriced();
        const seen: string[] = [];
        const consumer = client.consume(orders, { group: "g", mode, filter, ...from }, take(seen));
        await cluster.advance(consumer.start());
        await cluster.until("they came", () => seen.length === 4);
        await cluster.clock.advance(1_000);
        expect(seen.sort()).to.deep.equal(wanted);
        expect(await lag()).to.equal(0);
        await sendPriced();
        await cluster.until("the new ones came", () => seen.length === 8);
      });

    it("works in broadcast mode, in batches and for messages that are taken one by one", async () => {
      await setUp();
      await sendPriced();
      const [all, batches]: [string[], string[]] = [[], []];
      const broadcast = client.consume(
        orders,
        { group: "all", mode: "broadcast", filter, ...from },
        take(all),
      );
      const options = { group: "batches", batch: { size: 3 }, filter, ...from };
      const batched = client.consumeBatch(orders, options, (messages) => messages.forEach(take(batches)));
      await cluster.advance(Promise.all([broadcast.start(), batched.start()]));
      await cluster.until("they came", () => all.length === 4 && batches.length === 4);
      expect([all.sort(), batches.sort()]).to.deep.equal([wanted, wanted]);
      const worker = client.simpleConsumer(orders, { group: "g", filter, ...from });
      const taken: string[] = [];
      while (taken.length < 4)
        for (const message of await cluster.advance(worker.receive({ max: 1 }))) {
          taken.push(textOf(message));
          await cluster.advance(message.ack());
        }
      expect(taken.sort()).to.deep.equal(wanted);
      expect(await cluster.advance(worker.receive({ waitMs: 100 }))).to.deep.equal([]);
      expect(await lag()).to.equal(0);
    });

    it("that cannot be read rejects start, with the column; one that says nothing, or two things, is not sent", async () => {
      await setUp();
      const bad = client.consume(orders, { group: "g", filter: { sql: "price > 10 AND" } }, () => {});
      const error = await cluster.advance(bad.start().catch((thrown: unknown) => thrown));
      expect(error).to.include({ code: "FILTER_INVALID" });
      expect((error as Error).message).to.include("column 15: ");
      for (const none of [{ sql: " " }, { tags: [] }, { sql: "a", tags: ["a"] } as never])
        expect(() => client.consume(orders, { group: "g", filter: none }, () => {}))
          .to.throw()
          .with.property("code", "FILTER_INVALID");
    });
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
});
