import { expect } from "chai";
import type { DelayedInfo, SendReceipt } from "../../../client/index.js";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import type { Producer } from "../../../client/sdk/types.js";
import { MemoryCluster } from "../../support/memory-cluster.js";
import { codeOf } from "../../support/refusal.js";

const later = topic("later");
const HOUR_MS = 3_600_000;

describe("delayed messages through the SDK", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  let producer: Producer;
  let got: { readonly body: string; readonly id: string; readonly atMs: number }[];

  beforeEach(async () => {
    cluster = await MemoryCluster.start(["a", "b"]);
    client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("later", { queues: 4, type: "mixed" }));
    producer = client.producer();
    got = [];
    const consumer = client.consume(later, { group: "g", from: "earliest" }, ({ body, id }) => {
      got.push({ body: Buffer.from(body).toString(), id, atMs: cluster.clock.nowMs() });
    });
    await cluster.advance(consumer.start());
  });
  afterEach(() => cluster.close());

  function send(body: string, rest: object = {}): Promise<SendReceipt> {
    return cluster.advance(producer.send({ topic: later, body: Buffer.from(body), ...rest }));
  }

  it("arrive at their time, under the id of the receipt, which has a handle and no offset (A9-01)", async () => {
    const startMs = cluster.clock.nowMs();
    const delayed = await send("delayed", { delayMs: 10_000 });
    const level = await send("level", { delayLevel: 2 });
    const at = await send("at", { deliverAt: new Date(startMs + 20_000) });
    for (const receipt of [delayed, level, at]) {
      expect(receipt.queueOffset).to.equal(undefined);
      expect(receipt.handle).to.equal(receipt.messageId);
      expect(JSON.parse(JSON.stringify(receipt))).to.have.property("handle", receipt.messageId);
    }
    const now = await send("now");
    const over = await send("over", { deliverAt: new Date(0) });
    for (const receipt of [now, over]) {
      expect(receipt.queueOffset).to.be.a("number");
      expect(receipt.handle).to.equal(undefined);
      expect(JSON.parse(JSON.stringify(receipt))).not.to.have.property("handle");
    }
    await cluster.until("all have arrived", () => got.length === 5);
    const late = Object.fromEntries(got.map(({ body, atMs }) => [body, atMs - startMs]));
    expect(late["level"]).to.be.within(5_000, 5_100);
    expect(late["delayed"]).to.be.within(10_000, 10_100);
    expect(late["at"]).to.be.within(20_000, 20_100);
    expect(got.find(({ body }) => body === "delayed")?.id).to.equal(delayed.messageId);
  });

  it("one after the other can be done at times of their own (A2-13)", async () => {
    const receipts = await cluster.advance(
      producer.sendBatch([
        { topic: later, body: Buffer.from("third"), delayMs: 3_000, orderingKey: "job" },
        { topic: later, body: Buffer.from("first"), delayMs: 1_000, orderingKey: "job" },
        { topic: later, body: Buffer.from("second"), delayMs: 2_000, orderingKey: "job" },
        { topic: later, body: Buffer.from("at once"), orderingKey: "job" },
      ]),
    );
    expect(receipts.map(({ handle }) => handle !== undefined)).to.deep.equal([true, true, true, false]);
    await cluster.until("all have arrived", () => got.length === 4);
    expect(got.map(({ body }) => body)).to.deep.equal(["at once", "first", "second", "third"]);
  });

  it("can be cancelled, put off and delivered now, by any client that has the handle", async () => {
    const [a, b, c] = [
      await send("a", { delayMs: HOUR_MS }),
      await send("b", { delayMs: HOUR_MS }),
      await send("c", { delayMs: HOUR_MS }),
    ];
    const other = (await cluster.connect()).producer();
    expect(await cluster.advance(other.cancel(a.handle!))).to.equal("done");
    expect(await cluster.advance(producer.cancel(a.handle!))).to.equal("done");
    expect(await cluster.advance(other.deliverNow(b.handle!))).to.equal("done");
    expect(await cluster.advance(other.reschedule(c.handle!, { delayMs: 60_000 }))).to.equal("done");
    await cluster.until("b has arrived", () => got.length === 1);
    expect(await cluster.advance(producer.cancel(b.handle!))).to.equal("already-delivered");
    await cluster.until("c has arrived", () => got.length === 2, 61_000);
    expect(got.map(({ body }) => body)).to.deep.equal(["b", "c"]);
    const [gone] = [await cluster.advance(producer.cancel(`${a.broker}-1-64`))];
    expect(gone).to.equal("not-found");
  });

  it("are changed also after their broker has died and come back, and while it is away nobody is lied to", async () => {
    const { handle, broker } = await send("a", { delayMs: HOUR_MS });
    await cluster.kill(broker);
    expect(await codeOf(cluster.advance(producer.cancel(handle!)))).to.equal("BROKER_UNAVAILABLE");
    await cluster.startBroker(broker);
    expect(await cluster.advance(producer.cancel(handle!))).to.equal("done");
    await cluster.clock.advance(HOUR_MS + 1_000);
    expect(got).to.deep.equal([]);
  });

  it("wrong times and handles are refused before anything is sent", async () => {
    const wrong: [object, string][] = [
      [{ delayMs: -1 }, "BAD_REQUEST"],
      [{ delayMs: Number.NaN }, "BAD_REQUEST"],
      [{ delayMs: 1, delayLevel: 1 }, "BAD_REQUEST"],
      [{ deliverAt: new Date(Number.NaN) }, "BAD_REQUEST"],
      [{ deliverAt: "soon" }, "BAD_REQUEST"],
      [{ delayLevel: 0 }, "BAD_REQUEST"],
      [{ delayLevel: 1.5 }, "BAD_REQUEST"],
      [{ delayLevel: 19 }, "DELAY_LEVEL_UNKNOWN"],
      [{ delayMs: 400 * 24 * HOUR_MS }, "DELAY_TOO_LONG"],
    ];
    for (const [rest, code] of wrong)
      expect(await codeOf(send("a", rest)), JSON.stringify(rest)).to.equal(code);
    expect(await codeOf(producer.cancel("x"))).to.equal("BAD_REQUEST");
    expect(await codeOf(producer.reschedule("a-1-64", { delayMs: -1 }))).to.equal("BAD_REQUEST");
    expect(await codeOf(cluster.advance(producer.cancel("nobody-1-64")))).to.equal("BROKER_NOT_FOUND");
    expect((await cluster.advance(client.admin.delayed.list().toArray())).length).to.equal(0);
    expect((await send("fraction", { delayMs: 0.2 })).handle).to.be.a("string");
  });

  it("are listed over all brokers in due order, cancelled by key and counted", async () => {
    const startMs = cluster.clock.nowMs();
    for (let minute = 1; minute <= 30; minute++)
      await send(`m${minute}`, { delayMs: minute * 60_000, keys: [minute % 3 === 0 ? "fizz" : "other"] });
    const list = (query = {}): Promise<DelayedInfo[]> =>
      cluster.advance(client.admin.delayed.list(query).toArray());
    const all = await list();
    expect(all.map(({ message }) => Buffer.from(message.body).toString())).to.deep.equal(
      Array.from({ length: 30 }, (_, at) => `m${at + 1}`),
    );
    expect(new Set(all.map(({ broker }) => broker)).size).to.equal(2);
    const window = { from: new Date(startMs + 600_000), to: new Date(startMs + 1_200_000) };
    expect(await list(window)).to.have.length(10);
    expect(await list({ topic: "later", key: "fizz" })).to.have.length(10);
    expect(await codeOf(list({ topic: "nowhere" }))).to.equal("TOPIC_NOT_FOUND");

    const { pending, counts } = await cluster.advance(
      client.admin.delayed.histogram({ by: "minute", topic: "later", from: new Date(startMs), count: 40 }),
    );
    expect(pending).to.equal(30);
    expect(counts.reduce((sum, { messages }) => sum + messages, 0)).to.equal(30);
    expect(counts.slice(1, 30).every(({ messages }) => messages === 1)).to.equal(true);
    const hours = await cluster.advance(client.admin.delayed.histogram({ by: "hour" }));
    expect(hours.counts).to.have.length(24);
    expect(hours.counts[0]!.messages).to.equal(30);

    const answers = await cluster.advance(client.admin.delayed.cancel({ topic: "later", key: "fizz" }));
    expect(answers.map(({ answer }) => answer)).to.deep.equal(new Array(10).fill("done"));
    await cluster.until("the others have arrived", () => got.length === 20, 31 * 60_000);
    expect(got.some(({ body }) => Number(body.slice(1)) % 3 === 0)).to.equal(false);
    expect(await cluster.advance(client.admin.delayed.cancel({ topic: "later", key: "fizz" }))).to.deep.equal(
      [],
    );
  }).timeout(60_000);

  it("say what became of them when they are looked up", async () => {
    const { messageId, handle } = await send("a", { delayMs: 1_000 });
    const get = () => cluster.advance(client.admin.messages.get(messageId));
    const pending = await get();
    expect([pending.state, pending.queueOffset, pending.deliverAt instanceof Date]).to.deep.equal([
      "delayed",
      -1,
      true,
    ]);
    await cluster.until("it has arrived", () => got.length === 1);
    expect((await get()).state).to.equal("delivered");
    const other = await send("b", { delayMs: 1_000 });
    await cluster.advance(producer.cancel(other.handle!));
    expect((await cluster.advance(client.admin.messages.get(other.messageId))).state).to.equal("cancelled");
    expect(handle).to.equal(messageId);
  });
});
