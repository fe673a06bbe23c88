import { expect } from "chai";
import type { ClusterClient } from "../../client/sdk/client.js";
import { topic } from "../../client/sdk/topic.js";
import type { ConsumeOptions, Message } from "../../client/sdk/types.js";
import { MemoryCluster } from "../support/memory-cluster.js";

const orders = topic("orders");
const EARLIEST = { from: "earliest" } as const;
const HOUR_MS = 3_600_000;

const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);
const textOf = (message: Message<Uint8Array>): string => Buffer.from(message.body).toString();

describe("what applications do with it", function () {
  this.timeout(60_000);
  let cluster: MemoryCluster;
  let client: ClusterClient;

  beforeEach(async () => {
    cluster = await MemoryCluster.start(["a", "b"]);
    client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 4, type: "mixed" }));
  });
  afterEach(() => cluster.close());

  function send(bodies: readonly string[], more: object = {}): Promise<unknown> {
    const producer = client.producer();
    const sends = bodies.map((body) => producer.send({ topic: orders, body: Buffer.from(body), ...more }));
    return cluster.advance(Promise.all(sends).finally(() => producer.close()));
  }

  /** A service of its own connection, as a group; what it has handled grows. */
  async function service(
    group: string,
    options: Partial<ConsumeOptions> = {},
    handle: (text: string, message: Message<Uint8Array>) => void | Promise<void> = () => {},
  ): Promise<{ seen: string[]; leave: () => Promise<void> }> {
    const seen: string[] = [];
    const own = await cluster.connect();
    const consumer = own.consume(orders, { group, ...EARLIEST, ...options }, async (message) => {
      await handle(textOf(message), message);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    return { seen, leave: () => cluster.advance(consumer.close()) };
  }

  async function lagOf(group: string): Promise<number> {
    const { queues } = await cluster.advance(client.admin.groups.describe(group));
    return queues.reduce((sum, { lag }) => sum + lag, 0);
  }

  it("what is sent while nobody consumes waits for whoever comes an hour later (A1-03)", async () => {
    await send(["one", "two", "three"]);
    await cluster.clock.advance(HOUR_MS);
    const late = await service("late");
    await cluster.until("it has them", () => late.seen.length === 3);
    expect([...late.seen].sort()).to.deep.equal(["one", "three", "two"]);
  });

  it("services join and leave, and the producer never hears of it (A1-09, A2-01)", async () => {
    const producer = client.producer();
    const sendOne = (i: number) =>
      cluster.advance(producer.send({ topic: orders, body: Buffer.from(`order ${i}`) }));
    const billing = await service("billing");
    for (const i of range(5)) await sendOne(i);
    const mail = await service("mail");
    for (const i of range(5)) await sendOne(5 + i);
    await cluster.until("both have everything", () => billing.seen.length === 10 && mail.seen.length === 10);
    await billing.leave();
    for (const i of range(5)) await sendOne(10 + i);
    await cluster.until("mail goes on alone", () => mail.seen.length === 15);
    expect(billing.seen).to.have.length(10);
  });

  it("a service that hangs slows neither the producer nor the others, and catches up (A2-02)", async () => {
    let goOn = (): void => {};
    const stuck = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const broken = await service("broken", {}, () => stuck);
    const sound = await service("sound");
    const sentMs = cluster.clock.monotonicMs();
    await send(range(200).map(String));
    expect(cluster.clock.monotonicMs() - sentMs).to.be.below(100);
    await cluster.until("the sound one has all", () => sound.seen.length === 200);
    await cluster.clock.advance(600_000);
    expect(broken.seen).to.deep.equal([]);
    goOn();
    await cluster.until("the broken one has all", () => new Set(broken.seen).size === 200);
  });

  it("a peak above what the consumer takes is buffered whole, and drains at its pace (A2-05)", async () => {
    const PEAK_PER_STEP = 5;
    const STEPS = 2_000;
    const STEP_MS = 10;
    const { clock } = cluster;
    const done: number[] = [];
    const pace = await service("database", { concurrency: 2 }, () =>
      clock.sleep(STEP_MS).then(() => void done.push(clock.monotonicMs())),
    );
    const producer = client.producer();
    let acked = 0;
    for (const step of range(STEPS)) {
      for (const i of range(PEAK_PER_STEP))
        producer.send({ topic: orders, body: Buffer.from(`${step}-${i}`) }).then(
          () => acked++,
          () => {},
        );
      await clock.advance(STEP_MS);
    }
    const peakEndMs = clock.monotonicMs();
    expect(await lagOf("database")).to.be.within(5_500, 6_500);
    await cluster.until("the backlog is gone", () => pace.seen.length === acked, 120_000);
    expect(acked).to.equal(PEAK_PER_STEP * STEPS);
    expect(new Set(pace.seen).size).to.equal(acked);
    expect(clock.monotonicMs() - peakEndMs).to.be.within(25_000, 40_000);
    const perSecond = new Map<number, number>();
    for (const ms of done)
      perSecond.set(Math.floor(ms / 1_000), (perSecond.get(Math.floor(ms / 1_000)) ?? 0) + 1);
    expect(Math.max(...perSecond.values())).to.be.at.most(202);
  });

  it("log lines go one way from many services, and a pool writes all of them in batches (A2-09)", async () => {
    const pages = new Map<string, string>();
    const pool = client.consumeBatch(
      orders,
      { group: "indexers", ...EARLIEST, batch: { size: 100, waitMs: 20 } },
      (messages) => {
        for (const message of messages) pages.set(message.id, textOf(message));
      },
    );
    await cluster.advance(pool.start());
    for (const caller of ["cart", "search", "login"]) {
      const producer = (await cluster.connect()).producer();
      for (const i of range(500)) {
        const line = JSON.stringify({ caller, status: i % 50 === 0 ? 500 : 200 });
        if (!producer.sendOneway({ topic: orders, body: Buffer.from(line) }))
          await cluster.advance(producer.ready());
      }
      await cluster.advance(producer.close());
    }
    await cluster.until("all are written", () => pages.size === 1_500);
    expect([...pages.values()].filter((line) => JSON.parse(line).status === 500)).to.have.length(30);
  });

  it("a flash sale takes the burst at once and sells no more than there is (A2-10)", async () => {
    let stock = 100;
    const sold: string[] = [];
    const shop = await service("shop", { concurrency: 1 }, (buyer) => {
      if (stock === 0) return;
      stock--;
      sold.push(buyer);
    });
    await send(range(3_000).map((i) => `buyer ${i}`));
    await cluster.until("everybody has an answer", () => shop.seen.length === 3_000);
    expect([stock, sold.length, new Set(sold).size]).to.deep.equal([0, 100, 100]);
  });

  it("a copy follows the changes of several tables, each in its order (A2-11, A2-12)", async () => {
    const copy = new Map<string, string>();
    const follower = await service("copy", { mode: "ordered" }, (text, { orderingKey }) => {
      const [row, value] = text.split("=") as [string, string];
      copy.set(`${orderingKey}.${row}`, value);
    });
    const producer = client.producer();
    const changes = range(300).map((i) => ({ table: `table-${i % 3}`, change: `row-${i % 7}=${i}` }));
    const sends = changes.map(({ table, change }) =>
      producer.send({ topic: orders, body: Buffer.from(change), orderingKey: table }),
    );
    await cluster.advance(Promise.all(sends));
    await cluster.until("the copy has followed", () => follower.seen.length === changes.length);
    const original = new Map<string, string>();
    for (const { table, change } of changes) {
      const [row, value] = change.split("=") as [string, string];
      original.set(`${table}.${row}`, value);
    }
    expect([...copy].sort()).to.deep.equal([...original].sort());
  });

  it("a paid order gives points, a notice and takes stock, each by its own group (A2-15, A2-16)", async () => {
    const groups = ["points", "notices", "stock"];
    const services = await Promise.all(groups.map((group) => service(group)));
    await send(
      range(50).map((i) => `order ${i}`),
      { tag: "paid" },
    );
    await cluster.until("each has done its part", () => services.every(({ seen }) => seen.length === 50));
    const coupons = await service("coupons", { filter: { tags: ["paid"] } });
    await cluster.until("one that came later too", () => coupons.seen.length === 50);
    for (const { seen } of [...services, coupons]) expect(new Set(seen).size).to.equal(50);
  });

  it("important mail is awaited, a transcode is called back, a log line goes one way (A2-17)", async () => {
    const producer = client.producer();
    const mail = await cluster.advance(producer.send({ topic: orders, body: Buffer.from("mail") }));
    const calledBack: string[] = [];
    producer
      .send({ topic: orders, body: Buffer.from("transcode") })
      .then(({ messageId }) => calledBack.push(messageId))
      .catch(() => {});
    expect(producer.sendOneway({ topic: orders, body: Buffer.from("line") })).to.equal(true);
    await cluster.advance(producer.flush());
    const all = await service("all");
    await cluster.until("all three came", () => all.seen.length === 3);
    expect([mail.messageId, ...calledBack]).to.have.length(2);
    expect([...all.seen].sort()).to.deep.equal(["line", "mail", "transcode"]);
  });

  it("four stores agree about each order in the end, though one of them fails for an hour (A2-08)", async () => {
    const orderStore = new Set<string>();
    const shop = client.transactional({
      group: "shop",
      topics: [orders],
      check: (message) => (orderStore.has(textOf(message)) ? "commit" : "rollback"),
    });
    let failing = true;
    const others = ["stock", "points", "ledger"].map((group) =>
      service(group, {}, () => {
        if (group === "points" && failing) throw new Error("the database is down");
      }),
    );
    const stores = await Promise.all(others);
    for (const i of range(30)) {
      const sent = shop.send({ topic: orders, body: Buffer.from(`order ${i}`) }, () => {
        if (i % 3 === 0) return "rollback";
        orderStore.add(`order ${i}`);
        if (i % 5 === 0) throw new Error("the answer of the database was lost");
        return "commit";
      });
      await cluster.advance(sent);
    }
    await cluster.until("the sound ones have theirs", () => stores[2]!.seen.length === orderStore.size);
    await cluster.clock.advance(HOUR_MS);
    expect(stores[1]!.seen).to.deep.equal([]);
    failing = false;
    await cluster.until("the failed one, too", () => stores[1]!.seen.length === orderStore.size, 4 * HOUR_MS);
    for (const { seen } of stores) expect([...seen].sort()).to.deep.equal([...orderStore].sort());
    await cluster.advance(shop.close());
  });

  it("a message that comes again sets the same value under its key (A8-01, A8-03)", async () => {
    const prices = new Map<string, string>();
    let deliveries = 0;
    await service("prices", { retry: { delaysMs: [10] } }, (text, { attempt }) => {
      deliveries++;
      const [key, price] = text.split("=");
      prices.set(key!, price!);
      if (attempt < 4) throw new Error("it was set, and the acknowledgement is lost");
    });
    await send(["apple=3", "pear=4"]);
    await cluster.until("each came four times", () => deliveries === 8);
    expect(Object.fromEntries(prices)).to.deep.equal({ apple: "3", pear: "4" });
  });

  it("a batch of which a part fails is acknowledged but for that part (A4-12)", async () => {
    await send(range(40).map(String));
    const attempts = new Map<string, number[]>();
    const consumer = client.consumeBatch(
      orders,
      { group: "loader", ...EARLIEST, batch: { size: 10 } },
      (messages) => {
        expect(messages.length).to.be.at.most(10);
        for (const message of messages)
          attempts.set(textOf(message), [...(attempts.get(textOf(message)) ?? []), message.attempt]);
        return { failed: messages.filter((message) => textOf(message) === "7" && message.attempt < 3) };
      },
    );
    await cluster.advance(consumer.start());
    await cluster.until("the failing one is through", () => attempts.get("7")?.length === 3);
    await cluster.advance(consumer.close());
    expect(attempts.get("7")).to.deep.equal([1, 2, 3]);
    expect([...attempts.values()].flat()).to.have.length(42);
    expect(await lagOf("loader")).to.equal(0);
  });

  it("the offset in a receipt is the one under which the message is found (A11-04)", async () => {
    const producer = client.producer();
    const sends = range(20).map((i) => producer.send({ topic: orders, body: Buffer.from(String(i)) }));
    for (const [i, receipt] of (await cluster.advance(Promise.all(sends))).entries()) {
      const { topic: name, broker, queueId, queueOffset: offset, messageId } = receipt;
      const found = await cluster.advance(
        client.admin.messages.get({ topic: name, broker, queueId, offset: offset! }),
      );
      expect([found.id, textOf(found)]).to.deep.equal([messageId, String(i)]);
    }
  });

  it("no more sends are under way than the producer was told (A11-06)", async () => {
    const producer = client.producer({ maxInFlight: 10 });
    const taken = range(50).filter(() => producer.sendOneway({ topic: orders, body: Buffer.from("x") }));
    expect(taken).to.have.length(10);
    await cluster.advance(producer.ready());
    expect(producer.sendOneway({ topic: orders, body: Buffer.from("x") })).to.equal(true);
  });

  it("topic, messages and positions survive a kill together, without a switch for each (A6-04)", async () => {
    await send(["one", "two", "three"]);
    const first = await service("billing", { concurrency: 1 });
    await cluster.until("all is handled", () => first.seen.length === 3);
    await first.leave();
    await send(["four"]);
    for (const name of ["a", "b"]) {
      await cluster.kill(name);
      await cluster.startBroker(name);
    }
    client = await cluster.connect();
    expect(await lagOf("billing")).to.equal(1);
    const second = await service("billing");
    await cluster.until("the rest came", () => second.seen.length > 0);
    expect(second.seen).to.deep.equal(["four"]);
  });
});

describe("async flush", () => {
  it("what is acknowledged as written can be read before it is flushed, and the receipt says so (A6-03)", async () => {
    const cluster = await MemoryCluster.start(["a"], { flush: "async" });
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const beganMs = cluster.clock.monotonicMs();
    const { done } = await cluster.advance(
      client.producer().send({ topic: orders, body: Buffer.from("now") }),
    );
    expect(done).to.deep.equal({ written: true, flushed: false, replicas: 0 });
    const reader = client.reader(orders, { ...EARLIEST, until: "end" })[Symbol.asyncIterator]();
    const { value } = await cluster.advance(reader.next());
    expect(textOf(value)).to.equal("now");
    expect(cluster.clock.monotonicMs() - beganMs).to.be.below(500);
    await cluster.close();
  });
});
