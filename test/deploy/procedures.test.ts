import { expect } from "chai";
import { type Client, connect, LogwheelError, topic } from "../../client/index.js";
import { blockUnder } from "../support/command-lines.js";
import { Units } from "../support/units.js";
import { until } from "../support/until.js";

const PAGE = "docs/deploy.md";
const orders = topic("orders");

describe("procedures of docs/deploy.md, run as they are written", function () {
  this.timeout(120_000);
  let units: Units;
  let client: Client;

  beforeEach(async () => {
    units = await Units.open();
    await units.start("a");
    client = await connect({
      endpoints: units.nameServer,
      logger: false,
      retry: { attempts: Number.POSITIVE_INFINITY },
    });
  });
  afterEach(async () => {
    await client.close({ drain: false });
    await units.close();
  });

  async function send(...texts: string[]): Promise<void> {
    const producer = client.producer();
    for (const text of texts) await producer.send({ topic: orders, body: Buffer.from(text) });
    await producer.close();
  }

  async function stored(): Promise<string[]> {
    const texts: string[] = [];
    const reader = client.reader(orders, { from: "earliest", until: "end" });
    for await (const { body } of reader) texts.push(Buffer.from(body).toString());
    return texts.sort();
  }

  /** Messages that the group has not acknowledged, by broker. */
  async function lag(group: string): Promise<Record<string, number>> {
    const { queues } = await client.admin.groups.describe(group);
    const lags: Record<string, number> = {};
    for (const { broker, lag } of queues) lags[broker] = (lags[broker] ?? 0) + lag;
    return lags;
  }

  it("backup and restore bring messages, topics and positions back as they were", async () => {
    await client.admin.topics.create("orders", { queues: 2 });
    await send("one", "two", "three");
    const reader = client.reader(orders, { from: "earliest", until: "end" });
    for await (const _ of reader);
    await reader.commit("billing");
    await send("four");
    await units.run(await blockUnder(PAGE, "Backup"));
    await send("five");
    await client.admin.topics.create("later", { queues: 1 });
    expect(await stored()).to.deep.equal(["five", "four", "one", "three", "two"]);
    await units.run(await blockUnder(PAGE, "Restore"));
    await until("the restored broker is found", async () => (await stored().catch(() => [])).length === 4);
    expect(await stored()).to.deep.equal(["four", "one", "three", "two"]);
    expect(await lag("billing")).to.deep.equal({ "broker-a": 1 });
    expect((await client.admin.topics.list().toArray()).map(({ name }) => name)).to.deep.equal(["orders"]);
    await send("six");
    expect(await stored()).to.include("six");
  });

  it("a broker is retired without losing a message: producers move, groups read to its end", async () => {
    await units.start("c");
    await client.admin.topics.create("orders", { queues: 4 });
    const sent: string[] = [];
    const seen = new Set<string>();
    const consumer = client.consume(orders, { group: "billing", from: "earliest" }, ({ body }) => {
      seen.add(Buffer.from(body).toString());
    });
    await consumer.start();
    const producer = client.producer();
    const stop = new AbortController();
    const sending = (async () => {
      for (let i = 0; !stop.signal.aborted; i++) {
        const body = `order ${i}`;
        const refused = await producer.send({ topic: orders, body: Buffer.from(body) }).then(
          () => null,
          (error: unknown) => error,
        );
        if (refused === null) sent.push(body);
        else expect(LogwheelError.is(refused, "FORBIDDEN") && refused.sent).to.equal("no");
      }
    })();
    await until("both brokers have messages", () => sent.length > 20);
    await units.run(await blockUnder(PAGE, "Retiring a broker"));
    const before = sent.length;
    await until("producers go on", () => sent.length > before + 20);
    stop.abort();
    await sending;
    await until("everything is consumed", () => sent.every((text) => seen.has(text)));
    const { brokers } = await client.admin.cluster.describe();
    expect(brokers.map(({ name }) => name)).to.deep.equal(["broker-a"]);
  });
});
