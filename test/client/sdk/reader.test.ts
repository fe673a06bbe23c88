import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import type { Message, Reader, ReaderOptions } from "../../../client/sdk/types.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const range = (count: number) => Array.from({ length: count }, (_, i) => i);
const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();

describe("reader", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;

  async function setUp(queues = 1, brokers: readonly string[] = ["a"]): Promise<void> {
    cluster = await MemoryCluster.start(brokers);
    client = await cluster.connect();
    await cluster.advance(client.admin.topics.create("orders", { queues }));
  }
  afterEach(() => cluster.close());

  async function send(bodies: readonly string[], more: object = {}): Promise<void> {
    const producer = client.producer();
    for (const body of bodies)
      await cluster.advance(producer.send({ topic: orders, body: Buffer.from(body), ...more }));
    await cluster.advance(producer.close());
  }

  /** Everything that the reader gives, at most so many. */
  async function read(
    reader: Reader<Uint8Array>,
    max = Number.POSITIVE_INFINITY,
  ): Promise<Message<Uint8Array>[]> {
    const messages: Message<Uint8Array>[] = [];
    const loop = async (): Promise<void> => {
      for await (const message of reader) {
        messages.push(message);
        if (messages.length === max) break;
      }
    };
    await cluster.advance(loop());
    return messages;
  }

  async function readFrom(options: ReaderOptions): Promise<string[]> {
    const reader = client.reader(orders, options);
    const messages = await read(reader);
    await reader.close();
    return messages.map(textOf);
  }

  it("A1-17 reads from the beginning, an offset, a time or the end, up to an end, an offset or a time", async () => {
    await setUp();
    await send(range(5).map(String));
    await cluster.clock.advance(10_000);
    const timestamp = new Date(cluster.clock.nowMs());
    await send(range(5).map((i) => String(i + 5)));
    const all = range(10).map(String);
    expect(await readFrom({ from: "earliest", until: "end" })).to.deep.equal(all);
    expect(await readFrom({ from: { offset: 3 }, until: "end" })).to.deep.equal(all.slice(3));
    expect(await readFrom({ from: { timestamp }, until: "end" })).to.deep.equal(all.slice(5));
    expect(await readFrom({ from: "latest", until: "end" })).to.deep.equal([]);
    expect(await readFrom({ from: "earliest", until: { offset: 4 } })).to.deep.equal(all.slice(0, 4));
    expect(await readFrom({ from: "earliest", until: { timestamp } })).to.deep.equal(all.slice(0, 5));
    expect(await readFrom({ from: { offset: 7 }, until: { offset: 7 } })).to.deep.equal([]);
  });

  it("A1-16 goes back and reads the same again", async () => {
    await setUp();
    await send(range(5).map(String));
    const reader = client.reader(orders, { from: "earliest", until: "end" });
    const first = await read(reader);
    expect(reader.position).to.equal(5);
    reader.seek(0);
    expect(reader.position).to.equal(0);
    const second = await read(reader);
    expect(second.map(({ id }) => id)).to.deep.equal(first.map(({ id }) => id));
    reader.seek(3);
    expect((await read(reader)).map(textOf)).to.deep.equal(["3", "4"]);
  });

  it("waits for more where no end was named", async () => {
    await setUp();
    await send(["1"]);
    const reader = client.reader(orders, { from: "earliest" });
    expect((await read(reader, 1)).map(textOf)).to.deep.equal(["1"]);
    const next = read(reader, 1);
    await cluster.clock.advance(40_000);
    await send(["2"]);
    expect((await next).map(textOf)).to.deep.equal(["2"]);
  });

  it("reads all queues of all brokers in the order of their times", async () => {
    await setUp(4, ["a", "b"]);
    for (const i of range(20)) {
      await send([String(i)], { broker: i % 2 === 0 ? "a" : "b", queueId: Math.floor(i / 2) % 2 });
      await cluster.clock.advance(5);
    }
    const reader = client.reader(orders, { from: "earliest", until: "end" });
    expect((await read(reader)).map(textOf)).to.deep.equal(range(20).map(String));
    expect(reader.positions).to.have.length(4);
    expect(() => reader.position).to.throw("several queues");
    expect(() => reader.seek(0)).to.throw("several queues");
  });

  it("reads one queue of one broker; which one has to be clear", async () => {
    await setUp(4, ["a", "b"]);
    await send(["a1"], { broker: "a", queueId: 1 });
    await send(["b1"], { broker: "b", queueId: 1 });
    expect(await readFrom({ queue: 1, broker: "b", from: "earliest", until: "end" })).to.deep.equal(["b1"]);
    const unclear = await readFrom({ queue: 1, from: "earliest" }).catch((thrown: unknown) => thrown);
    expect(unclear).to.include({ code: "BAD_REQUEST" });
    const missing = await readFrom({ queue: 9, from: "earliest" }).catch((thrown: unknown) => thrown);
    expect(missing).to.include({ code: "TOPIC_NOT_FOUND" });
  });

  it("filters by tags without losing its place", async () => {
    await setUp();
    for (const i of range(10)) await send([String(i)], { tag: i % 2 === 0 ? "even" : "odd" });
    const reader = client.reader(orders, { from: "earliest", until: "end", filter: { tags: ["odd"] } });
    expect((await read(reader)).map(textOf)).to.deep.equal(["1", "3", "5", "7", "9"]);
    expect(reader.position).to.equal(10);
  });

  it("filters in SQL without losing its place, and ends where the filter cannot be read", async () => {
    await setUp();
    for (const i of range(10)) await send([String(i)], { properties: { n: String(i) } });
    const filter = { sql: "n BETWEEN 3 AND 5 OR n = 8" };
    const reader = client.reader(orders, { from: "earliest", until: "end", filter });
    expect((await read(reader)).map(textOf)).to.deep.equal(["3", "4", "5", "8"]);
    expect(reader.position).to.equal(10);
    const bad = client.reader(orders, { from: "earliest", until: "end", filter: { sql: "n ? 3" } });
    const error = await read(bad).catch((thrown: unknown) => thrown);
    expect(error).to.include({ code: "FILTER_INVALID" });
    expect((error as Error).message).to.include("column 3: ");
  });

  it("commit tells a group where it is", async () => {
    await setUp();
    await send(range(5).map(String));
    await cluster.advance(client.admin.groups.create("g"));
    const reader = client.reader(orders, { from: "earliest" });
    await read(reader, 3);
    await cluster.advance(reader.commit("g"));
    const seen: string[] = [];
    const consumer = client.consume(orders, { group: "g" }, (message) => void seen.push(textOf(message)));
    await cluster.advance(consumer.start());
    await cluster.until("the rest came", () => seen.length === 2);
    expect(seen).to.deep.equal(["3", "4"]);
  });

  it("an offset that is gone is replaced by the nearest, and that is told", async () => {
    await setUp();
    await send(["1"]);
    const reader = client.reader(orders, { from: { offset: 100 }, until: { offset: 200 } });
    const next = read(reader, 1);
    await cluster.clock.advance(200);
    await send(["2"]);
    expect((await next).map(textOf)).to.deep.equal(["2"]);
  });

  it("goes on after the broker was away, and ends when it is closed", async () => {
    await setUp();
    await send(["1"]);
    const reader = client.reader(orders, { from: "earliest" });
    await read(reader, 1);
    const rest = read(reader);
    await cluster.clock.advance(100);
    cluster.network.cut("a:10911");
    await cluster.clock.advance(2_000);
    cluster.network.heal("a:10911");
    await send(["2"]);
    await cluster.clock.advance(1_000);
    await reader.close();
    expect((await rest).map(textOf)).to.deep.equal(["2"]);
  });

  it("tries again to open after it could not", async () => {
    cluster = await MemoryCluster.start(["a"]);
    client = await cluster.connect();
    const reader = client.reader(orders, { from: "earliest", until: "end" });
    const error = await cluster.advance(read(reader).catch((thrown: unknown) => thrown));
    expect(error).to.include({ code: "TOPIC_NOT_FOUND" });
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    await send(["1"]);
    expect((await cluster.advance(read(reader))).map(textOf)).to.deep.equal(["1"]);
  });

  it("its signal ends the loop with ABORTED", async () => {
    await setUp();
    const stop = new AbortController();
    const reader = client.reader(orders, { from: "earliest", signal: stop.signal });
    const reading = read(reader).catch((thrown: unknown) => thrown);
    await cluster.clock.advance(100);
    stop.abort();
    expect(await cluster.advance(reading)).to.include({ code: "ABORTED" });
  });

  it("follows a topic to queues that come later", async () => {
    await setUp();
    const reader = client.reader(orders, { from: "latest" });
    const reading = read(reader, 2);
    await cluster.clock.advance(100);
    await cluster.advance(client.admin.topics.update("orders", { queues: 2 }));
    await send(["x"], { queueId: 0 });
    await send(["y"], { queueId: 1 });
    expect((await reading).map(textOf).sort()).to.deep.equal(["x", "y"]);
  });
});
