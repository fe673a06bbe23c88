import { expect } from "chai";
import { connect } from "../../../client/sdk/connect.js";
import { topic } from "../../../client/sdk/topic.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { follow, MemoryCluster } from "../../support/memory-cluster.js";
import { codeOf, failure } from "../../support/refusal.js";

const orders = topic("orders");

describe("client", () => {
  let cluster: MemoryCluster;
  beforeEach(async () => {
    cluster = await MemoryCluster.start();
  });
  afterEach(() => cluster.close());

  it("closes everything that was made from it, and tells", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const told = follow(client);
    const producer = client.producer();
    const consumer = client.consume(orders, { group: "g" }, () => {});
    const simple = client.simpleConsumer(orders, { group: "s" });
    const reader = client.reader(orders, { from: "earliest" });
    await cluster.advance(consumer.start());
    await cluster.advance(producer.send({ topic: orders, body: Buffer.from("x") }));
    await cluster.advance(simple.receive({ waitMs: 1 }));
    await cluster.advance(client.close());
    await Promise.all([producer, consumer, simple, reader, client].map(({ closed }) => closed));
    expect(told.filter(({ type }) => type === "disconnected")).to.have.length(2);
    for (const use of [
      () => client.producer(),
      () => client.reader(orders, { from: "latest" }),
      () => client.consume(orders, { group: "g" }, () => {}),
    ])
      expect(use).to.throw(LogwheelError).with.property("code", "CLOSED");
    expect(await failure(consumer.start())).to.include({ code: "CLOSED" });
    expect(await failure(client.admin.topics.list().toArray())).to.include({ code: "CLOSED" });
  });

  it("refuses what brokers would take for something else", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const simple = client.simpleConsumer(orders, { group: "s" });
    const producer = client.producer();
    const body = Buffer.from("x");
    const wide = 2 ** 32 + 1;
    const { topics, groups, messages } = client.admin;
    const attempts: Record<string, () => Promise<unknown>> = {
      "queues of a topic": () => topics.create("wide", { queues: wide }),
      maxAttempts: () => groups.create("g", { maxAttempts: wide }),
      retryDelaysMs: () => groups.create("g", { retryDelaysMs: [50 * 86_400_000] }),
      "queue of a message": () => messages.get({ topic: "orders", queueId: 2 ** 32, offset: 0 }),
      queueId: () => producer.send({ topic: orders, body, queueId: 2 ** 32 - 1 }),
      "no queueId": () => producer.send({ topic: orders, body, queueId: -1 }),
      invisibleMs: () => simple.receive({ invisibleMs: 5e9 }),
      leaseMs: async () => client.consume(orders, { group: "g", mode: "shared", leaseMs: 5e9 }, () => {}),
      "leaseMs in words": async () =>
        client.consume(orders, { group: "g", leaseMs: "5s" as never }, () => {}),
    };
    for (const [what, attempt] of Object.entries(attempts))
      expect(await cluster.advance(codeOf(attempt())), what).to.equal("BAD_REQUEST");
    expect(await cluster.advance(groups.list().toArray())).to.deep.equal([]);
  });

  it("refuses what only plain JavaScript can give, by BAD_REQUEST and before anything is sent", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const check = () => "commit" as const;
    const send = (parts: object) =>
      client.producer().send({ topic: orders, body: Buffer.from("x"), ...parts });
    const consume = (...args: unknown[]) => client.consume(...(args as Parameters<typeof client.consume>));
    const transactional = (options: object) => client.transactional(options as never);
    const attempts: readonly (() => unknown)[] = [
      () => transactional({ topics: [orders], check }),
      () => transactional({ group: "g", topics: [orders] }),
      () => transactional({ group: "g", topics: orders, check }),
      () =>
        transactional({ group: "g", topics: [orders], check }).send(
          { topic: orders, body: "x" } as never,
          5 as never,
        ),
      () => consume(orders, { group: "g" }),
      () => consume(orders, {}, () => {}),
      () => consume("orders", { group: "g" }, () => {}),
      () => consume(orders, { group: "g", from: "foo" }, () => {}),
      () => consume(orders, { group: "g", from: { timestamp: new Date("x") } }, () => {}),
      () => client.consumeBatch(orders, { group: "g" } as never, () => {}),
      () =>
        client
          .reader(orders, { from: "foo" as never })
          [Symbol.asyncIterator]()
          .next(),
      () => send({ keys: "abc" }),
    ];
    for (const attempt of attempts)
      expect(await cluster.advance(codeOf((async () => attempt())())), String(attempt)).to.equal(
        "BAD_REQUEST",
      );
    const filter = { tags: "a" } as never;
    expect(() => consume(orders, { group: "g", filter }, () => {})).to.throw("a filter has tags");
    const { queueList } = await cluster.advance(client.admin.topics.describe("orders"));
    expect(queueList.map(({ endOffset }) => endOffset)).to.deep.equal([0]);
  });

  it("await using closes it at the end of the block", async () => {
    let ended: Promise<void> | undefined;
    const run = async (): Promise<void> => {
      await using client = await cluster.connect();
      ended = client.closed;
    };
    await cluster.advance(run());
    await ended;
  });

  it("its deadline holds for everything, also where a part was being closed already", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const consumer = client.consume(orders, { group: "g", from: "earliest" }, () => new Promise(() => {}));
    await cluster.advance(consumer.start());
    await cluster.advance(client.producer().send({ topic: orders, body: Buffer.from("x") }));
    await cluster.until("it runs", () => consumer.stats.inFlight === 1);
    const closing = consumer.close();
    const before = cluster.clock.monotonicMs();
    await cluster.advance(client.close({ timeoutMs: 500 }));
    await closing;
    expect(cluster.clock.monotonicMs() - before).to.be.within(500, 600);
  });

  it("every call to close gets the end, and none rejects", async () => {
    const client = await cluster.connect();
    await Promise.all([client.close(), client.close({ drain: false }), client[Symbol.asyncDispose]()]);
  });

  it("leaves no timer and no connection behind", async () => {
    const before = cluster.clock.waiting;
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 2 }));
    const consumer = client.consume(orders, { group: "g" }, () => {});
    await cluster.advance(consumer.start());
    await cluster.advance(client.producer().send({ topic: orders, body: Buffer.from("x") }));
    await cluster.advance(client.close());
    await cluster.clock.advance(60_000);
    expect(cluster.clock.waiting).to.be.at.most(before);
  });

  it("says that a topic is nowhere", async () => {
    const client = await cluster.connect();
    const missing = topic("not-there");
    const send = client.producer().send({ topic: missing, body: Buffer.from("x") });
    expect(await failure(cluster.advance(send))).to.include({ code: "TOPIC_NOT_FOUND", sent: "no" });
  });
});

describe("connect", () => {
  it("refuses endpoints that are none", async () => {
    for (const endpoints of [[], "", "no port", ["localhost:99999"]])
      expect(await failure(connect({ endpoints }))).to.include({ code: "BAD_REQUEST" });
  });

  it("gives up after the request's time where nobody listens, naming the endpoint", async () => {
    const error = await failure(connect({ endpoints: "127.0.0.1:1", requestTimeoutMs: 100, logger: false }));
    expect(error).to.include({ code: "BROKER_UNAVAILABLE", sent: "no" });
    expect(error.message).to.contain("127.0.0.1:1");
  });

  it("is given up by a signal", async () => {
    const stop = new AbortController();
    const connecting = failure(connect({ endpoints: "127.0.0.1:1", signal: stop.signal, logger: false }));
    stop.abort();
    expect(await connecting).to.include({ code: "ABORTED" });
    expect(await failure(connect({ endpoints: "127.0.0.1:1", signal: stop.signal }))).to.include({
      code: "ABORTED",
    });
  });
});
