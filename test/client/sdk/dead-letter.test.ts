import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { Reject } from "../../../client/sdk/handler-errors.js";
import { topic } from "../../../client/sdk/topic.js";
import type { ConsumeOptions, Message } from "../../../client/sdk/types.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const dead = topic("%DLQ%g");
const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();

describe("retries and dead letters", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;

  beforeEach(async () => {
    cluster = await MemoryCluster.start();
    client = await cluster.connect({ logger: silentLogger });
    await cluster.advance(client.admin.topics.create("orders", { queues: 1, type: "mixed" }));
  });
  afterEach(() => cluster.close());

  async function send(...bodies: readonly string[]): Promise<void> {
    const producer = client.producer();
    await cluster.advance(
      Promise.all(bodies.map((body) => producer.send({ topic: orders, body: Buffer.from(body) }))),
    );
  }

  async function deadLetters(): Promise<Message<Uint8Array>[]> {
    const read = async () => {
      const messages: Message<Uint8Array>[] = [];
      for await (const message of client.reader(dead, { from: "earliest", until: "end" }))
        messages.push(message);
      return messages;
    };
    await cluster.clock.advance(50);
    return cluster.advance(read());
  }

  async function lag(): Promise<number> {
    const { queues } = await cluster.advance(client.admin.groups.describe("g"));
    return queues.reduce((sum, queue) => sum + queue.lag, 0);
  }

  for (const mode of ["concurrent", "ordered", "shared"] as const)
    it(`A9-09 ${mode}: a message that fails ${3} times is a dead letter with its story, the others are handled`, async () => {
      await cluster.advance(client.admin.groups.create("g", { maxAttempts: 3, retryDelaysMs: [100, 500] }));
      await send("1", "bad", "2");
      const seen: string[] = [];
      const options: ConsumeOptions = { group: "g", from: "earliest", mode };
      const consumer = client.consume(orders, options, async (message) => {
        seen.push(`${textOf(message)}/${message.attempt}/${message.lastError?.message ?? "-"}`);
        if (textOf(message) === "bad") throw new RangeError(`try ${message.attempt}`);
      });
      await cluster.advance(consumer.start());
      await cluster.until(
        "all was settled",
        () => consumer.stats.acked === 2 && consumer.stats.retried === 3,
      );
      const [letter, ...more] = await deadLetters();
      expect(more).to.deep.equal([]);
      expect(textOf(letter!)).to.equal("bad");
      expect(letter!.dead).to.deep.include({
        reason: "attempts",
        error: { name: "RangeError", message: "try 3" },
        attempts: 3,
        group: "g",
        topic: "orders",
        queueId: 0,
        queueOffset: 1,
      });
      expect(letter!.dead!.stack).to.contain("RangeError: try 3");
      expect(JSON.parse(JSON.stringify(letter)).dead.messageId).to.match(/^a-1-/);
      expect(seen.filter((line) => line.startsWith("bad"))).to.deep.equal([
        "bad/1/-",
        "bad/2/try 1",
        "bad/3/try 2",
      ]);
      expect(await lag()).to.equal(0);
    });

  it("a handler that throws Reject, and a rule for its error, have the message moved at once", async () => {
    await send("reject", "type", "good");
    const retry = { byError: { TypeError: "dead-letter" } } as const;
    const consumer = client.consume(orders, { group: "g", from: "earliest", retry }, (message) => {
      if (textOf(message) === "reject") throw new Reject("not for us");
      if (textOf(message) === "type") throw new TypeError("wrong");
    });
    await cluster.advance(consumer.start());
    await cluster.until("the good one was handled", () => consumer.stats.acked === 1);
    const letters = (await deadLetters()).map((letter) => [
      textOf(letter),
      letter.dead!.reason,
      letter.dead!.error!.message,
    ]);
    expect(letters).to.deep.equal([
      ["reject", "rejected", "not for us"],
      ["type", "rejected", "wrong"],
    ]);
    expect(await lag()).to.equal(0);
  });

  it("A9-03 A9-06 a message with ttlMs is a dead letter once that is over, and still there for who looks it up", async () => {
    const idle = client.consume(orders, { group: "g", from: "earliest" }, () => {});
    await cluster.advance(idle.start());
    await cluster.advance(idle.close());
    const producer = client.producer();
    const body = Buffer.from("offer");
    const receipt = await cluster.advance(producer.send({ topic: orders, body, ttlMs: 60_000 }));
    await send("other");
    await cluster.clock.advance(60_100);
    const seen: string[] = [];
    const consumer = client.consume(orders, { group: "g" }, (message) => void seen.push(textOf(message)));
    await cluster.advance(consumer.start());
    await cluster.until("the other came", () => consumer.stats.acked === 1);
    expect(seen).to.deep.equal(["other"]);
    const [letter] = await deadLetters();
    expect(letter!.dead).to.include({ reason: "expired", attempts: 0, messageId: receipt.messageId });
    const found = await cluster.advance(client.admin.messages.get(receipt.messageId));
    expect([textOf(found), found.ttlMs]).to.deep.equal(["offer", 60_000]);
    for (const ttlMs of [0, -1, 1.5, 1e13])
      expect(await producer.send({ topic: orders, body, ttlMs }).catch(({ code }) => code)).to.equal(
        "BAD_REQUEST",
      );
  });

  it("A9-08 what expired in a window of time is sent again, that window and nothing else", async () => {
    const consumer = client.consume(orders, { group: "g", from: "earliest" }, (message) => {
      if (textOf(message) === "bad") throw new Reject("for good");
      seen.push(textOf(message));
    });
    const seen: string[] = [];
    await cluster.advance(consumer.start());
    const windows: Date[] = [];
    for (const hour of ["early", "noon", "late"]) {
      windows.push(new Date(cluster.clock.nowMs()));
      await cluster.advance(client.admin.groups.pause("g"));
      const body = Buffer.from(hour);
      await cluster.advance(client.producer().send({ topic: orders, body, ttlMs: 60_000 }));
      await send("bad");
      await cluster.clock.advance(61_000);
      await cluster.advance(client.admin.groups.resume("g"));
      await cluster.clock.advance(3_600_000);
    }
    expect(await deadLetters()).to.have.length(6);
    expect(seen).to.deep.equal([]);
    const window = { reason: "expired", since: windows[1]!, until: windows[2]! } as const;
    const [planned] = await cluster.advance(client.admin.deadLetters.redrive("g", window));
    expect(planned).to.include({ total: 1 });
    await cluster.until("it was handled", () => seen.length > 0);
    await cluster.clock.advance(10_000);
    expect(seen).to.deep.equal(["noon"]);
  });

  it("a body that cannot be decoded is moved, if the consumer wants that", async () => {
    await send("{", "1");
    const json = topic<number>("orders", {
      codec: {
        contentType: "x",
        encode: (value) => Buffer.from(String(value)),
        decode: (bytes) => JSON.parse(Buffer.from(bytes).toString()),
      },
    });
    const options = { group: "g", from: "earliest", onDecodeError: "dead-letter" } as const;
    const consumer = client.consume(json, options, () => {});
    await cluster.advance(consumer.start());
    await cluster.until("the good one was handled", () => consumer.stats.acked === 1);
    expect((await deadLetters()).map(textOf)).to.deep.equal(["{"]);
  });

  it("a leased message can be moved with a reason, and failed with an error", async () => {
    await send("a", "b");
    const simple = client.simpleConsumer(orders, { group: "g", from: "earliest" });
    const [a, b] = await cluster.advance(simple.receive({ max: 2 }));
    await cluster.advance(a!.deadLetter("broken"));
    await cluster.advance(b!.nack({ delayMs: 10, error: new Error("later") }));
    const [again] = await cluster.advance(simple.receive({ max: 1 }));
    expect([textOf(again!), again!.attempt, again!.lastError]).to.deep.equal([
      "b",
      2,
      { name: "Error", message: "later" },
    ]);
    const [letter] = await deadLetters();
    expect(letter!.dead).to.deep.include({
      reason: "rejected",
      error: { name: "Reject", message: "broken" },
    });
    await cluster.advance(a!.ack());
    expect(await lag()).to.equal(1);
  });

  it("producers cannot send there, and cannot make such a topic", async () => {
    await send("bad");
    const consumer = client.consume(orders, { group: "g", from: "earliest" }, () => {
      throw new Reject();
    });
    await cluster.advance(consumer.start());
    await cluster.until("it was rejected", () => consumer.stats.retried === 1);
    await deadLetters();
    const refused = async (act: Promise<unknown>) =>
      (await cluster.advance(act.catch((thrown) => thrown)).then((thrown) => thrown)) as { code: string };
    const send1 = client.producer().send({ topic: dead, body: Buffer.from("x") });
    expect((await refused(send1)).code).to.equal("FORBIDDEN");
    expect((await refused(client.admin.topics.create("%DLQ%h"))).code).to.equal("BAD_REQUEST");
  });
});
