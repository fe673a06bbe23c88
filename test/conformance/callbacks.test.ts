import { expect } from "chai";
import { topic } from "../../client/sdk/topic.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { follow, MemoryCluster } from "../support/memory-cluster.js";

const orders = topic("orders");
const broken = (): never => {
  throw new Error("a broken callback");
};

describe("callbacks that throw", () => {
  let cluster: MemoryCluster;
  const escaped: unknown[] = [];
  const note = (thrown: unknown): void => void escaped.push(thrown);

  beforeEach(async () => {
    escaped.length = 0;
    process.on("unhandledRejection", note);
    process.on("uncaughtExceptionMonitor", note);
    cluster = await MemoryCluster.start();
  });
  afterEach(async () => {
    await cluster.close();
    process.off("unhandledRejection", note);
    process.off("uncaughtExceptionMonitor", note);
    expect(escaped).to.deep.equal([]);
  });

  it("A3-04 handlers and loggers that throw do not end the process, are told, and stop nothing", async () => {
    const logger = { ...silentLogger, debug: broken, warn: broken, error: broken };
    const client = await cluster.connect({ logger });
    const told = follow(client);
    await cluster.advance(client.admin.topics.create("orders", { queues: 2 }));
    const fates = [
      broken,
      () => Promise.reject(new Error("later")),
      () => Promise.reject("no error at all"),
      () => {},
    ];
    let calls = 0;
    const consumer = client.consume(orders, { group: "g", retry: { delaysMs: [10] }, from: "earliest" }, () =>
      fates[calls++ % fates.length]!(),
    );
    await cluster.advance(consumer.start());
    const producer = client.producer();
    await cluster.advance(
      Promise.all([1, 2, 3, 4, 5].map((i) => producer.send({ topic: orders, body: Buffer.from(String(i)) }))),
    );
    await cluster.until("all were handled in the end", () => consumer.stats.acked === 5);
    const errors = told.filter((status) => status.type === "error").map(({ error }) => error.message);
    expect(errors).to.have.length(consumer.stats.retried);
    for (const why of ["a broken callback", "later", "no error at all"])
      expect(errors.join()).to.contain(why);
  });

  it("A3-04 what a codec throws reaches the sender, or has the message delivered again", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    let decodes = 0;
    const typed = topic<string>("orders", {
      codec: {
        contentType: "text/plain",
        encode: (value) => (value === "bad" ? broken() : Buffer.from(value)),
        decode: (bytes) => (decodes++ === 0 ? broken() : Promise.resolve(Buffer.from(bytes).toString())),
      },
    });
    const producer = client.producer();
    const refused = await producer.send({ topic: typed, body: "bad" }).catch((thrown: unknown) => thrown);
    expect(refused).to.include({ code: "CODEC", sent: "no" });
    const seen: string[] = [];
    const consumer = client.consume(
      typed,
      { group: "g", from: "earliest" },
      ({ body }) => void seen.push(body),
    );
    await cluster.advance(consumer.start());
    await cluster.advance(producer.send({ topic: typed, body: "good" }));
    await cluster.until("it came", () => seen.length === 1);
    expect([seen, decodes]).to.deep.equal([["good"], 2]);
  });

  it("A3-04 promises that nobody awaits may fail while brokers come and go", async () => {
    const client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    const consumer = client.consume(orders, { group: "g" }, () => {});
    void consumer.start();
    const other = client.consume(orders, { group: "g", filter: { tags: ["x"] } }, () => {});
    void other.start();
    const producer = client.producer();
    for (let i = 0; i < 5; i++) {
      producer.sendOneway({ topic: orders, body: Buffer.from("x") });
      await cluster.kill("a");
      await cluster.clock.advance(4_000);
      await cluster.startBroker("a");
    }
    void producer.close({ timeoutMs: 10 });
    void consumer.close({ drain: false });
    await cluster.clock.advance(100);
  });
});
