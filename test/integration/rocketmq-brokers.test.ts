import { expect } from "chai";
import { Producer, SimpleConsumer } from "rocketmq-client-nodejs";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import { MessageType } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import { MESSAGING } from "../../proto/kernel/rocketmq-contract.js";
import { RocketmqCaller } from "../support/rocketmq-caller.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { common } from "../support/rocketmq-load.js";
import { RocketmqProcess } from "../support/rocketmq-process.js";
import { until } from "../support/until.js";

const MESSAGES = 40;

describe("RocketMQ's own client for Node, and two brokers behind one endpoint", function () {
  this.timeout(60_000);
  let cluster: RocketmqCluster;
  let producer: Producer;

  before(async () => {
    cluster = await RocketmqCluster.start(["a", "b"]);
    await cluster.client.admin.topics.create("spread", { queues: 4, type: "normal" });
    await cluster.client.admin.topics.create("far", { queues: 2, type: "ordered" });
    await cluster.client.admin.topics.create("steps", { queues: 4, type: "ordered" });
    await cluster.client.admin.groups.create("in-order", { ordered: true });
    producer = new Producer(common(cluster, "a"));
    await producer.startup();
  });
  after(async () => {
    await producer.shutdown();
    await RocketmqProcess.killAll();
    await cluster.stop();
  });

  const queues = async (group: string) => (await cluster.client.admin.groups.describe(group)).queues;

  it("sends to both, receives from both and acknowledges on both, knowing the first only", async () => {
    for (let n = 0; n < MESSAGES; n++) await producer.send({ topic: "spread", body: Buffer.from(`${n}`) });
    const consumer = new SimpleConsumer({
      ...common(cluster, "a"),
      consumerGroup: "readers",
      subscriptions: new Map([["spread", "*"]]),
      awaitDuration: 1_000,
    });
    await consumer.startup();
    const bodies = new Set<string>();
    await until("all came", async () => {
      for (const view of await consumer.receive(32, 60_000)) {
        bodies.add(view.body.toString());
        await consumer.ack(view);
      }
      return bodies.size === MESSAGES;
    });
    const after = await queues("readers");
    const stored = (name: string): number =>
      after.filter(({ broker }) => broker === name).reduce((sum, { endOffset }) => sum + endOffset, 0);
    expect(stored("a")).to.be.greaterThan(0);
    expect(stored("b")).to.be.greaterThan(0);
    expect(stored("a") + stored("b")).to.equal(MESSAGES);
    expect(after.map(({ lag }) => lag)).to.deep.equal(after.map(() => 0));
    await consumer.shutdown();
  });

  it("does at the first what concerns the second, for clients that call no other", async () => {
    const caller = new RocketmqCaller(cluster.address("a"), "caller");
    const named = { topic: { name: "far" }, group: { name: "callers" } };
    for (const messageGroup of ["k0", "k1", "k2", "k3", "k4", "k5"]) {
      const systemProperties = { messageId: messageGroup, messageGroup, messageType: MessageType.FIFO };
      const message = { topic: named.topic, systemProperties, body: Buffer.from("x") };
      const sent = await caller.call(MESSAGING.sendMessage, { messages: [message] });
      expect(sent.status?.code).to.equal(Code.OK);
    }
    const [status, ...frames] = await caller.receive({
      group: named.group,
      messageQueue: { topic: named.topic, broker: { name: "b" } },
      batchSize: 8,
      invisibleDuration: { seconds: 30 },
    });
    expect(status?.status?.code).to.equal(Code.OK);
    const received = frames.flatMap(({ message }) => message?.systemProperties ?? []);
    expect(received.map(({ storeHost }) => storeHost)).to.deep.equal(received.map(() => "b"));
    const entries = received.map(({ messageId, receiptHandle }) => ({
      messageId,
      receiptHandle: receiptHandle!,
    }));
    const acknowledged = await caller.call(MESSAGING.ackMessage, { ...named, entries });
    expect(acknowledged.status?.code).to.equal(Code.OK);
    caller.close();
    const [there] = (await queues("callers")).filter(({ broker }) => broker === "b");
    expect([there!.endOffset, there!.lag]).to.deep.equal([received.length, 0]);
  });

  it("keeps the order of message groups over both", async () => {
    const orders = { role: "consumer", topic: "steps", group: "in-order" } as const;
    const consumer = new RocketmqProcess({ ...orders, endpoints: cluster.address("a") }, cluster.folder);
    const groups = ["k0", "k1", "k2", "k3", "k4", "k5"];
    const steps = Array.from({ length: 8 }, (_, step) => `${step}`);
    for (const step of steps)
      for (const messageGroup of groups)
        await producer.send({ topic: "steps", messageGroup, body: Buffer.from(`${messageGroup} ${step}`) });
    await until("all came", () => consumer.reports.length >= groups.length * steps.length);
    for (const group of groups)
      expect(consumer.bodies.filter((body) => body.startsWith(group))).to.deep.equal(
        steps.map((step) => `${group} ${step}`),
      );
    const brokers = (await queues("in-order")).filter(({ endOffset }) => endOffset > 0);
    expect([...new Set(brokers.map(({ broker }) => broker))].sort()).to.deep.equal(["a", "b"]);
    await consumer.kill();
  });
});
