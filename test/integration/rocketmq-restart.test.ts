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
    await cluster.client.admin.topics.create("held", { queues: 2, type: "normal" });
  });
  after(async () => {
    await RocketmqProcess.killAll();
    await cluster.stop();
  });

  it("loses nothing of 3,000 messages while a producer sends and a push consumer receives", async () => {
    const load = { topic: "loaded", group: "loaded", messages: 3_000, killsAt: [1_000], boundMs: 60_000 };
    expect(await loadThroughKills(cluster, load)).to.be.at.least(3_000);
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
