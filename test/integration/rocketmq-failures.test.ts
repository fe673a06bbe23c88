import { expect } from "chai";
import { type MessageView, Producer, SimpleConsumer } from "rocketmq-client-nodejs";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { common } from "../support/rocketmq-load.js";
import { RocketmqProcess } from "../support/rocketmq-process.js";
import { until } from "../support/until.js";

/** The least that RocketMQ's servers allow. */
const INVISIBLE_MS = 10_000;

/** As `logwheel dlq list` prints it. */
interface DeadLetter {
  readonly topic: string;
  readonly messageId: string;
  readonly body: string;
  readonly dead: object;
}

describe("RocketMQ's own client for Node, and messages that are not handled at once", function () {
  this.timeout(60_000);
  let cluster: RocketmqCluster;
  let producer: Producer;

  before(async () => {
    cluster = await RocketmqCluster.start();
    const { topics, groups } = cluster.client.admin;
    await topics.create("bad", { queues: 2, type: "normal" });
    await topics.create("bad-steps", { queues: 1, type: "ordered" });
    await topics.create("priced", { queues: 2, type: "normal" });
    await topics.create("held", { queues: 1, type: "normal" });
    await groups.create("failing", { maxAttempts: 3, retryDelaysMs: [1_000] });
    await groups.create("failing-in-order", { ordered: true, maxAttempts: 2, retryDelaysMs: [1_000] });
    producer = new Producer(common(cluster));
    await producer.startup();
  });
  after(async () => {
    await producer.shutdown();
    await RocketmqProcess.killAll();
    await cluster.stop();
  });

  const consume = (topic: string, group: string, more: { sql?: string; failing?: string[] }) =>
    new RocketmqProcess(
      { role: "consumer", endpoints: cluster.address(), topic, group, ...more },
      cluster.folder,
    );

  const lag = async (group: string): Promise<number> =>
    (await cluster.client.admin.groups.describe(group)).queues.reduce((sum, queue) => sum + queue.lag, 0);

  /** What `logwheel dlq` lists of a group, once there is something. */
  async function deadLetters(group: string): Promise<DeadLetter[]> {
    return until(`${group} has dead letters`, async () => {
      const listed = JSON.parse(await cluster.logwheel("dlq", "list", group, "--output", "json"));
      return listed.length > 0 && listed;
    });
  }

  it("ends among the dead letters after the group's last attempt, where logwheel's dlq shows it", async () => {
    const consumer = consume("bad", "failing", { failing: ["poison"] });
    await producer.send({ topic: "bad", tag: "t", body: Buffer.from("poison") });
    await producer.send({ topic: "bad", tag: "t", body: Buffer.from("good") });
    const [letter, ...rest] = await deadLetters("failing");
    expect(rest).to.deep.equal([]);
    expect(letter).to.deep.include({ topic: "%DLQ%failing", tag: "t", body: "poison" });
    expect(letter!.dead).to.deep.include({ group: "failing", topic: "bad", reason: "attempts", attempts: 3 });
    const tried = consumer.reports.filter(({ body }) => body === "poison").map(({ attempt }) => attempt);
    expect(tried).to.deep.equal([1, 2, 3]);
    const shown = await cluster.logwheel("dlq", "show", letter!.messageId);
    expect(shown)
      .to.match(/^reason +attempts$/m)
      .and.to.match(/^body +poison$/m);
    const received = new SimpleConsumer({
      ...common(cluster),
      consumerGroup: "undertakers",
      subscriptions: new Map([["%DLQ%failing", "*"]]),
      awaitDuration: 2_000,
    });
    await received.startup();
    const [view] = await received.receive(8, INVISIBLE_MS);
    expect([view!.topic, view!.body.toString()]).to.deep.equal(["%DLQ%failing", "poison"]);
    await received.ack(view!);
    await received.shutdown();
    await consumer.kill();
  });

  it("is forwarded to the dead letters by a push consumer in order, and what is behind it goes on", async () => {
    const consumer = consume("bad-steps", "failing-in-order", { failing: ["2"] });
    for (const step of ["1", "2", "3"])
      await producer.send({ topic: "bad-steps", messageGroup: "g", body: Buffer.from(step) });
    const [letter, ...rest] = await deadLetters("failing-in-order");
    expect(rest).to.deep.equal([]);
    expect(letter).to.deep.include({ topic: "%DLQ%failing-in-order", body: "2" });
    expect(letter!.dead).to.deep.include({ topic: "bad-steps", reason: "rejected" });
    await until("the group is through", async () => (await lag("failing-in-order")) === 0);
    expect(consumer.bodies).to.deep.equal(["1", "2", "2", "3"]);
    await consumer.kill();
  });

  it("comes to a push consumer only if its SQL expression is true of it", async () => {
    const consumer = consume("priced", "buyers", { sql: "region = 'eu' AND price > 10" });
    const send = (region: string, price: string) =>
      producer.send({
        topic: "priced",
        properties: new Map([
          ["region", region],
          ["price", price],
        ]),
        body: Buffer.from(`${region} ${price}`),
      });
    for (const region of ["eu", "us"]) for (const price of ["5", "20", "11"]) await send(region, price);
    await until("what it wants came", () => consumer.reports.length >= 2);
    await until("nothing is left", async () => (await lag("buyers")) === 0);
    expect(consumer.bodies.sort()).to.deep.equal(["eu 11", "eu 20"]);
    await consumer.kill();
  });

  it("is visible again when its changed invisible time is over, with a new handle", async () => {
    const consumer = new SimpleConsumer({
      ...common(cluster),
      consumerGroup: "changers",
      subscriptions: new Map([["held", "*"]]),
      awaitDuration: 5_000,
    });
    await consumer.startup();
    await producer.send({ topic: "held", body: Buffer.from("x") });
    const receive = () => until<MessageView>("it came", async () => (await consumer.receive(8, 60_000))[0]);
    const first = await receive();
    const { receiptHandle: old } = first;
    await consumer.changeInvisibleDuration(first, 1_000);
    expect(first.receiptHandle).to.not.equal(old);
    const second = await receive();
    expect([second.body.toString(), second.deliveryAttempt]).to.deep.equal(["x", 2]);
    const refusal = await consumer.ack(first).then(
      () => "taken",
      (error: Error) => error.message,
    );
    expect(refusal).to.include("receipt handle is expired");
    await consumer.ack(second);
    await consumer.shutdown();
  });
});
