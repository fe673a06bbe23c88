import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { Reject } from "../../../client/sdk/handler-errors.js";
import { topic } from "../../../client/sdk/topic.js";
import type { Message } from "../../../client/sdk/types.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const textOf = (message: Message<Uint8Array>) => Buffer.from(message.body).toString();

describe("administration of dead letters", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  const seen: string[] = [];
  let mended: boolean;

  beforeEach(async () => {
    cluster = await MemoryCluster.start(["a", "b"]);
    client = await cluster.connect({ logger: silentLogger });
    await cluster.advance(client.admin.topics.create("orders", { queues: 2 }));
    mended = false;
    seen.length = 0;
    const consumer = client.consume(orders, { group: "g", from: "earliest" }, (message) => {
      seen.push(textOf(message));
      if (mended) return;
      if (textOf(message).startsWith("t")) throw new Reject("x", { cause: new TypeError("typed") });
      throw new Reject("rejected");
    });
    await cluster.advance(consumer.start());
    const producer = client.producer();
    const sends = ["1", "t2", "3", "t4", "5", "6"].map((body) =>
      producer.send({ topic: orders, body: Buffer.from(body) }),
    );
    await cluster.advance(Promise.all(sends));
    await cluster.until("all were rejected", () => consumer.stats.retried === 6);
    await cluster.clock.advance(100);
  });
  afterEach(() => cluster.close());

  const list = async (query = {}) =>
    (await cluster.advance(client.admin.deadLetters.list("g", query).toArray())).map(textOf).sort();
  const codeOf = async (promise: Promise<unknown>) =>
    cluster.advance(
      promise.then(
        () => "none",
        (thrown: unknown) => LogwheelError.from(thrown).code,
      ),
    );

  it("lists those of all brokers, by reason, error, origin and time, and shows one", async () => {
    expect(await list()).to.deep.equal(["1", "3", "5", "6", "t2", "t4"]);
    expect(await list({ errorName: "TypeError" })).to.deep.equal(["t2", "t4"]);
    expect(await list({ reason: "expired" })).to.deep.equal([]);
    expect(await list({ topic: "orders", since: new Date(0) })).to.have.length(6);
    expect(await list({ until: new Date(0) })).to.deep.equal([]);
    expect(await list({ since: new Date(cluster.clock.nowMs() + 1) })).to.deep.equal([]);
    const [letter] = await cluster.advance(client.admin.deadLetters.list("g").toArray());
    const shown = await cluster.advance(client.admin.deadLetters.get(letter!.id));
    expect(shown.dead).to.deep.equal(letter!.dead);
    expect(await codeOf(client.admin.deadLetters.get(letter!.dead!.messageId))).to.equal("MESSAGE_NOT_FOUND");
  });

  it("sends them again on all brokers, with a dry run before, and lists them no more", async () => {
    const dry = await cluster.advance(client.admin.deadLetters.redrive("g", { dryRun: true }));
    expect(dry.map(({ state }) => state)).to.deep.equal(["planned", "planned"]);
    expect(dry.reduce((sum, { total }) => sum + total, 0)).to.equal(6);
    expect(await cluster.advance(client.admin.deadLetters.redrives())).to.deep.equal([]);
    mended = true;
    const options = { errorName: "TypeError", perSecond: 10 };
    const [first] = await cluster.advance(client.admin.deadLetters.redrive("g", options));
    expect(first).to.deep.include({ state: "running", filter: { errorName: "TypeError" }, perSecond: 10 });
    await cluster.until("both were handled", () => seen.length === 8);
    expect(seen.slice(6).sort()).to.deep.equal(["t2", "t4"]);
    await cluster.clock.advance(1_000);
    const done = await cluster.advance(client.admin.deadLetters.redrives("g"));
    expect(done.map(({ state }) => state)).to.deep.equal(["done", "done"]);
    expect(await list()).to.deep.equal(["1", "3", "5", "6"]);
    expect(await list({ redriven: true })).to.have.length(6);
  });

  it("pauses, resumes and cancels on all brokers; purges once nothing runs", async () => {
    const { deadLetters } = client.admin;
    await cluster.advance(deadLetters.redrive("g", { perSecond: 1 }));
    const states = async (act: Promise<readonly { readonly state: string }[]>) =>
      (await cluster.advance(act)).map(({ state }) => state);
    expect(await states(deadLetters.pause("g"))).to.deep.equal(["paused", "paused"]);
    expect(await states(deadLetters.resume("g"))).to.deep.equal(["running", "running"]);
    expect(await codeOf(deadLetters.redrive("g"))).to.equal("CONFLICT");
    expect(await codeOf(deadLetters.purge("g"))).to.equal("CONFLICT");
    expect(await states(deadLetters.cancel("g"))).to.deep.equal(["cancelled", "cancelled"]);
    expect(await codeOf(deadLetters.pause("g"))).to.equal("CONFLICT");
    expect(await cluster.advance(deadLetters.purge("g", { dryRun: true }))).to.deep.equal({ messages: 6 });
    expect(await list()).to.have.length(6);
    expect(await cluster.advance(deadLetters.purge("g"))).to.deep.equal({ messages: 6 });
    expect(await list()).to.deep.equal([]);
    expect(await codeOf(deadLetters.purge("g"))).to.equal("GROUP_NOT_FOUND");
    expect(await codeOf(deadLetters.redrive("g"))).to.equal("GROUP_NOT_FOUND");
  });

  it("tells a group that is not there from one without dead letters", async () => {
    const { deadLetters, groups } = client.admin;
    await cluster.advance(groups.create("clean"));
    expect(await cluster.advance(deadLetters.list("clean").toArray())).to.deep.equal([]);
    expect(await cluster.advance(deadLetters.redrives("clean"))).to.deep.equal([]);
    expect(await codeOf(deadLetters.pause("clean"))).to.equal("CONFLICT");
    for (const ask of [
      () => deadLetters.list("nope").toArray(),
      () => deadLetters.redrives("nope"),
      () => deadLetters.pause("nope"),
      () => deadLetters.resume("nope"),
      () => deadLetters.cancel("nope"),
      () => deadLetters.purge("nope"),
      () => deadLetters.redrive("nope"),
    ])
      expect(await codeOf(ask()), String(ask)).to.equal("GROUP_NOT_FOUND");
  });

  it("refuses a topic that is not there, and sends nothing", async () => {
    expect(await codeOf(client.admin.deadLetters.redrive("g", { to: "missing" }))).to.equal(
      "REDRIVE_TOPIC_NOT_FOUND",
    );
    expect(await cluster.advance(client.admin.deadLetters.redrives("g"))).to.deep.equal([]);
  });
});
