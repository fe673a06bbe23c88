import { expect } from "chai";
import type { Admin } from "../../../client/sdk/admin-types.js";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { topic } from "../../../client/sdk/topic.js";
import { MemoryCluster } from "../../support/memory-cluster.js";

const orders = topic("orders");
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("admin", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  let admin: Admin;

  async function setUp(brokers: readonly string[] = ["a"]): Promise<void> {
    cluster = await MemoryCluster.start(brokers);
    client = await cluster.connect();
    admin = client.admin;
  }
  afterEach(() => cluster.close());

  const failure = (promise: Promise<unknown>) =>
    cluster.advance(
      promise.then(
        () => "it did not fail",
        (thrown: unknown) => thrown,
      ),
    );

  async function send(count: number, more: object = {}): Promise<string[]> {
    const producer = client.producer();
    const receipts = await cluster.advance(
      Promise.all(
        range(count).map((i) => producer.send({ topic: orders, body: Buffer.from(String(i)), ...more })),
      ),
    );
    await cluster.advance(producer.close());
    return receipts.map(({ messageId }) => messageId);
  }

  it("A1-10 divides a topic's queues over the brokers, at least one each, and it is usable at once", async () => {
    await setUp(["a", "b", "c"]);
    const info = await cluster.advance(
      admin.topics.create("orders", {
        queues: 8,
        type: "mixed",
        retentionMs: 60_000,
        attributes: { team: "x" },
      }),
    );
    expect(info).to.deep.include({
      name: "orders",
      queues: 8,
      type: "mixed",
      permission: "read-write",
      retentionMs: 60_000,
      attributes: { team: "x" },
    });
    expect(info.brokers).to.deep.equal([
      { broker: "a", queues: 3 },
      { broker: "b", queues: 3 },
      { broker: "c", queues: 2 },
    ]);
    expect(await send(1)).to.have.length(1);
    const few = await cluster.advance(admin.topics.create("few", { queues: 1 }));
    expect(few.queues).to.equal(3);
    expect(await failure(admin.topics.create("orders"))).to.include({ code: "TOPIC_EXISTS" });
    expect(await failure(admin.topics.create("bad.name"))).to.include({ code: "BAD_REQUEST" });
    expect(await failure(admin.topics.create("x", { queues: 0 }))).to.include({ code: "BAD_REQUEST" });
    expect(await failure(admin.topics.create("x", { type: "odd" as "normal" }))).to.include({
      code: "BAD_REQUEST",
    });
  });

  it("lists and describes topics", async () => {
    await setUp(["a", "b"]);
    for (const name of ["orders", "alpha"]) await cluster.advance(admin.topics.create(name, { queues: 2 }));
    await send(4);
    const names: string[] = [];
    const list = async (): Promise<void> => {
      for await (const { name } of admin.topics.list()) names.push(name);
    };
    await cluster.advance(list());
    expect(names).to.deep.equal(["alpha", "orders"]);
    const described = await cluster.advance(admin.topics.describe("orders"));
    expect(
      described.queueList.map(({ broker, queueId, endOffset }) => [broker, queueId, endOffset]),
    ).to.deep.equal([
      ["a", 0, 2],
      ["b", 0, 2],
    ]);
    expect(described.queueList[0]!.lastStoredAt).to.be.instanceOf(Date);
    expect(await failure(admin.topics.describe("nothing"))).to.include({ code: "TOPIC_NOT_FOUND" });
  });

  it("updates a topic, also onto brokers that lack it, and never shrinks it", async () => {
    await setUp(["a"]);
    await cluster.advance(admin.topics.create("orders", { queues: 2 }));
    await cluster.startBroker("b");
    const planned = await cluster.advance(admin.topics.update("orders", { queues: 5, dryRun: true }));
    expect(planned.queues).to.equal(5);
    expect((await cluster.advance(admin.topics.describe("orders"))).queues).to.equal(2);
    const info = await cluster.advance(admin.topics.update("orders", { queues: 5, permission: "read" }));
    expect(info.brokers).to.have.deep.members([
      { broker: "a", queues: 3 },
      { broker: "b", queues: 2 },
    ]);
    expect(info.permission).to.equal("read");
    expect(await failure(admin.topics.update("orders", { queues: 1 }))).to.include({ code: "BAD_REQUEST" });
    const producer = client.producer();
    expect(await failure(producer.send({ topic: orders, body: Buffer.from("x") }))).to.have.property("code");
  });

  it("deletes a topic after saying what goes with it; a new one of the name is empty", async () => {
    await setUp();
    await cluster.advance(admin.topics.create("orders", { queues: 1 }));
    await send(3);
    expect(await cluster.advance(admin.topics.delete("orders", { dryRun: true }))).to.deep.equal({
      messages: 3,
      groups: [],
    });
    expect((await cluster.advance(admin.topics.describe("orders"))).queueList[0]!.endOffset).to.equal(3);
    await cluster.advance(admin.topics.delete("orders"));
    expect(await failure(admin.topics.describe("orders"))).to.include({ code: "TOPIC_NOT_FOUND" });
    await cluster.advance(admin.topics.create("orders", { queues: 1 }));
    expect((await cluster.advance(admin.topics.describe("orders"))).queueList[0]!.endOffset).to.equal(0);
  });

  it("groups: create, list, describe with lag, update, pause, resume, delete", async () => {
    await setUp(["a", "b"]);
    await cluster.advance(admin.topics.create("orders", { queues: 2 }));
    const made = await cluster.advance(admin.groups.create("g", { assign: "hash", maxAttempts: 5 }));
    expect(made).to.deep.equal({
      name: "g",
      ordered: false,
      maxAttempts: 5,
      retryDelaysMs: [],
      assign: "hash",
      paused: false,
    });
    const seen: unknown[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", from: "earliest" },
      (message) => void seen.push(message),
    );
    await cluster.advance(consumer.start());
    await send(6);
    await cluster.until("all came", () => seen.length === 6);
    await cluster.clock.advance(50);
    const [listed] = await cluster.advance(admin.groups.list().toArray());
    expect(listed).to.deep.include({ name: "g", members: 1, topics: ["orders"], lag: 0 });
    const described = await cluster.advance(admin.groups.describe("g"));
    expect(described.members.map(({ broker, mode, host }) => [broker, mode, host])).to.have.deep.members([
      ["a", "concurrent", "host-0"],
      ["b", "concurrent", "host-0"],
    ]);
    expect(described.queues.map(({ offset, endOffset, lag }) => [offset, endOffset, lag])).to.deep.equal([
      [3, 3, 0],
      [3, 3, 0],
    ]);
    expect((await cluster.advance(admin.groups.pause("g"))).paused).to.equal(true);
    expect((await cluster.advance(admin.groups.resume("g"))).paused).to.equal(false);
    expect((await cluster.advance(admin.groups.update("g", { maxAttempts: 9 }))).maxAttempts).to.equal(9);
    expect(await failure(admin.groups.delete("g"))).to.include({ code: "CONFLICT" });
    await cluster.advance(consumer.close());
    expect(await cluster.advance(admin.groups.delete("g"))).to.deep.equal({ topics: ["orders"] });
    expect(await failure(admin.groups.describe("g"))).to.include({ code: "GROUP_NOT_FOUND" });
  });

  it("resets a group by offset, time, begin and end, after a dry run that changes nothing", async () => {
    await setUp();
    await cluster.advance(admin.topics.create("orders", { queues: 1 }));
    await send(5);
    await cluster.clock.advance(10_000);
    const timestamp = new Date(cluster.clock.nowMs());
    await send(5);
    await cluster.advance(admin.groups.create("g"));
    const reset = async (to: Parameters<Admin["groups"]["resetOffset"]>[1]["to"], dryRun = false) =>
      (await cluster.advance(admin.groups.resetOffset("g", { topic: "orders", to, dryRun })))[0]!;
    await reset("latest");
    expect(await reset("earliest", true)).to.deep.equal({
      broker: "a",
      queueId: 0,
      fromOffset: 10,
      toOffset: 0,
    });
    expect(await reset({ timestamp })).to.include({ fromOffset: 10, toOffset: 5 });
    expect(await reset({ offset: 2 })).to.include({ fromOffset: 5, toOffset: 2 });
    expect(await reset("earliest")).to.include({ fromOffset: 2, toOffset: 0 });
  });

  it("A1-18 finds a message by id, by place and by key", async () => {
    await setUp(["broker-a", "broker-b"]);
    await cluster.advance(admin.topics.create("orders", { queues: 2 }));
    const ids = await send(4, { keys: ["k"], tag: "t" });
    for (const id of ids) {
      const message = await cluster.advance(admin.messages.get(id));
      expect(message).to.include({ id, topic: "orders", tag: "t" });
    }
    const placed = await cluster.advance(
      admin.messages.get({ topic: "orders", broker: "broker-b", queueId: 0, offset: 1 }),
    );
    expect(placed).to.include({ broker: "broker-b", queueOffset: 1 });
    const found = await cluster.advance(admin.messages.query({ topic: "orders", key: "k", max: 3 }));
    expect(found.messages).to.have.length(3);
    expect(found.more).to.equal(true);
    expect(await failure(admin.messages.get("nonsense"))).to.include({ code: "BAD_REQUEST" });
    expect(await failure(admin.messages.get("other-1-1"))).to.include({ code: "BROKER_NOT_FOUND" });
    expect(
      await failure(admin.messages.get({ topic: "orders", broker: "broker-a", queueId: 0, offset: 99 })),
    ).to.have.property("code");
  });

  it("describes a cluster, and says what is wrong with it", async () => {
    await setUp(["a", "b"]);
    const described = await cluster.advance(admin.cluster.describe());
    expect(described.brokers.map(({ name, state, flush }) => [name, state, flush])).to.deep.equal([
      ["a", "serving", "sync"],
      ["b", "serving", "sync"],
    ]);
    expect(described.nameServers).to.deep.equal([{ address: "names:9876", reachable: true }]);
    expect(await cluster.advance(admin.cluster.health())).to.deep.equal({ healthy: true, problems: [] });
    cluster.network.cut("b:10911");
    const sick = await cluster.advance(admin.cluster.health());
    expect(sick.healthy).to.equal(false);
    expect(sick.problems.join()).to.contain("broker b");
  });

  it("a change that one broker cannot make says where it was made", async () => {
    await setUp(["a", "b"]);
    await cluster.advance(admin.topics.create("orders", { queues: 2 }));
    cluster.network.cut("b:10911");
    const error = await failure(admin.topics.update("orders", { retentionMs: 1_000 }));
    expect(error).to.include({ code: "BROKER_UNAVAILABLE" });
    expect((error as Error).message).to.contain("done on a");
  });
});
