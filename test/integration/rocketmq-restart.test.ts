import { expect } from "chai";
import { Producer, SimpleConsumer } from "rocketmq-client-nodejs";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { common, loadThroughKills } from "../support/rocketmq-load.js";
import { RocketmqProcess } from "../support/rocketmq-process.js";
import { until } from "../support/until.js";

describe("RocketMQ's own client for Node, and a broker that is killed and comes back", function () {
  this.timeout(90_000);
  let cluster: RocketmqCluster;

  before(async () => {
    cluster = await RocketmqCluster.start();
    await cluster.client.admin.topics.create("loaded", { queues: 4, type: "normal" });
    await cluster.client.admin.topics.create("steps", { queues: 2, type: "ordered" });
    await cluster.client.admin.groups.create("in-order", { ordered: true });
    await cluster.client.admin.topics.create("held", { queues: 2, type: "normal" });
  });
  after(async () => {
    await RocketmqProcess.killAll();
    await cluster.stop();
  });

  it("loses nothing of 100,000 messages while a producer sends and a push consumer receives, over four kills", async () => {
    const killsAt = [20_000, 40_000, 60_000, 80_000];
    const load = { topic: "loaded", group: "loaded", messages: 100_000, killsAt, boundMs: 500_000 };
    expect(await loadThroughKills(cluster, load)).to.be.at.least(100_000);
  }).timeout(600_000);

  it("delivers message groups in their order, before and after", async () => {
    const groups = ["k0", "k1", "k2", "k3"];
    const steps = Array.from({ length: 150 }, (_, step) => `${step}`);
    const orders = {
      role: "consumer",
      endpoints: cluster.address(),
      topic: "steps",
      group: "in-order",
    } as const;
    const consumer = new RocketmqProcess(orders, cluster.folder);
    const producer = new Producer(common(cluster));
    await producer.startup();
    const sent = groups.map(async (messageGroup) => {
      for (const step of steps) {
        const message = { topic: "steps", messageGroup, body: Buffer.from(`${messageGroup} ${step}`) };
        await until("it was sent", () => producer.send(message).catch(() => undefined), 60_000);
      }
    });
    await until("some came", () => consumer.distinct.size > 20);
    expect(consumer.distinct.size).to.be.lessThan(groups.length * steps.length);
    await cluster.restart();
    await Promise.all(sent);
    await until("all came", () => consumer.distinct.size === groups.length * steps.length, 60_000);
    // What was not acknowledged came again: in which order everything came first is what counts.
    for (const group of groups)
      expect([...consumer.distinct].filter((body) => body.startsWith(group))).to.deep.equal(
        steps.map((step) => `${group} ${step}`),
      );
    await producer.shutdown();
    await consumer.kill();
  });

  it("takes receipt handles from before, and delivers what they acknowledge to nobody again", async () => {
    const producer = new Producer(common(cluster));
    await producer.startup();
    for (let n = 0; n < 4; n++) await producer.send({ topic: "held", tag: "t", body: Buffer.from(`${n}`) });
    const options = {
      consumerGroup: "holders",
      subscriptions: new Map([["held", "t"]]),
      awaitDuration: 2_000,
    };
    const consumer = new SimpleConsumer({ ...common(cluster), ...options });
    await consumer.startup();
    const views = new Map<string, Awaited<ReturnType<typeof consumer.receive>>[number]>();
    const receive = async (): Promise<void> => {
      for (const view of await consumer.receive(8, 60_000)) views.set(view.body.toString(), view);
    };
    await until("all came", async () => {
      await receive();
      return views.size === 4;
    });
    await cluster.restart();
    const [first, second] = [views.get("0")!, views.get("1")!];
    await until("acknowledgements are taken again", () =>
      consumer.ack(first).then(
        () => true,
        () => false,
      ),
    );
    await consumer.ack(second);
    views.clear();
    await until("the others came again", async () => {
      await receive();
      return views.size >= 2;
    });
    await receive();
    expect([...views.keys()].sort()).to.deep.equal(["2", "3"]);
    for (const view of views.values()) await consumer.ack(view);
    const lag = async () =>
      (await cluster.client.admin.groups.describe("holders")).queues.map((each) => each.lag);
    await until("all are acknowledged", async () => (await lag()).every((each) => each === 0));
    await consumer.shutdown();
    await producer.shutdown();
  });
});
