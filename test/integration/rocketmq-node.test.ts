import { expect } from "chai";
import { type Client, type Message as NativeMessage, topic } from "../../client/index.js";
import { makeClientTopics, RocketmqClients } from "../support/rocketmq-clients.js";
import { RocketmqCluster } from "../support/rocketmq-cluster.js";
import { CHECKED } from "../support/rocketmq-languages.js";
import { until } from "../support/until.js";

const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();

/** The official client of RocketMQ 5 for Node, unchanged, against a broker of logwheel. */
describe("RocketMQ's own client for Node", function () {
  this.timeout(120_000);
  let cluster: RocketmqCluster;
  let client: Client;
  let clients: RocketmqClients;

  before(async () => {
    cluster = await RocketmqCluster.start(["a"], ...CHECKED);
    ({ client } = cluster);
    clients = new RocketmqClients(cluster.folder, () => cluster.address());
    await makeClientTopics(client);
  });
  after(async () => {
    await clients.shutdown();
    await cluster.stop();
    clients.restore();
  });

  it("sends what logwheel's own SDK receives, with tag, keys and properties, and the other way round", async () => {
    const theirs = await clients.producer();
    const properties = new Map([["region", "eu"]]);
    const message = {
      topic: "plain",
      tag: "paid",
      keys: ["k1"],
      properties,
      body: Buffer.from("from there"),
    };
    const receipt = await theirs.send(message);
    expect(receipt.transactionId).to.equal(receipt.messageId);
    const seen: NativeMessage<Uint8Array>[] = [];
    const consumer = client.consume(topic("plain"), { group: "ours", from: "earliest" }, (each) => {
      seen.push(each);
    });
    await consumer.start();
    await until("it came", async () => seen.length > 0);
    expect([textOf(seen[0]!), seen[0]!.tag, seen[0]!.keys, seen[0]!.properties]).to.deep.equal([
      "from there",
      "paid",
      ["k1"],
      { region: "eu" },
    ]);
    await consumer.close();
    const ours = client.producer();
    const body = Buffer.from("from here");
    await ours.send({ topic: topic("plain"), body, tag: "sent", keys: ["k2"], properties: { n: "1" } });
    const received = await clients.simple("theirs", "plain");
    const bodies = new Map<string, unknown>();
    await until("both came", async () => {
      for (const view of await received.receive(32, 20_000)) {
        bodies.set(view.body.toString(), [view.tag, [...view.keys], Object.fromEntries(view.properties)]);
        await received.ack(view);
      }
      return bodies.size === 2;
    });
    expect(bodies.get("from here")).to.deep.equal(["sent", ["k2"], { n: "1" }]);
    expect(bodies.get("from there")).to.deep.equal(["paid", ["k1"], { region: "eu" }]);
  });

  it("keeps the order of message groups in a push consumer", async () => {
    await clients.expectOrder();
  });

  it("delivers later, and recalls before that", async () => {
    const sender = await clients.producer();
    const sent = await sender.send({ topic: "later", delay: 1_000, body: Buffer.from("soon") });
    const recalled = await sender.send({ topic: "later", delay: 2_000, body: Buffer.from("never") });
    expect(sent.recallHandle).to.not.equal("");
    const answer = await sender.recallMessage("later", recalled.recallHandle);
    expect(answer.messageId).to.equal(recalled.messageId);
    const receiver = await clients.simple("later-group", "later");
    const bodies: string[] = [];
    await until("it came", async () => {
      for (const view of await receiver.receive(8, 10_000)) {
        bodies.push(view.body.toString());
        await receiver.ack(view);
      }
      return bodies.length > 0;
    });
    expect(bodies).to.deep.equal(["soon"]);
    expect(await client.admin.delayed.list({ topic: "later" }).toArray()).to.deep.equal([]);
  });

  it("commits, rolls back, and is asked about what nobody decided", async () => {
    const sender = await clients.moneyProducer();
    await (await clients.half(sender, "committed")).commit();
    await (await clients.half(sender, "rolled back")).rollback();
    await clients.half(sender, "forgotten");
    const seen: string[] = [];
    const consumer = client.consume(topic("money"), { group: "bank", from: "earliest" }, (message) => {
      seen.push(textOf(message));
    });
    await consumer.start();
    await until("both came", async () => seen.length === 2);
    expect([...seen].sort()).to.deep.equal(["committed", "forgotten"]);
    expect(clients.asked).to.deep.equal(["forgotten"]);
    await consumer.close();
  });

  it("gets again, as another attempt, what it failed on", async () => {
    const sender = await clients.producer();
    const attempts: number[] = [];
    await clients.push("failing", "plain", "fail", ({ deliveryAttempt }) => {
      attempts.push(deliveryAttempt ?? 0);
      return attempts.length >= 3;
    });
    await sender.send({ topic: "plain", tag: "fail", body: Buffer.from("x") });
    await sender.send({ topic: "plain", tag: "other", body: Buffer.from("y") });
    await until("it was handled", async () => attempts.length === 3);
    expect(attempts).to.deep.equal([1, 2, 3]);
  });

  it("refuses what is not there, and what a topic does not take, in RocketMQ's words", async () => {
    const sender = await clients.producer();
    const refused = async (message: object): Promise<string> =>
      sender.send({ body: Buffer.from("x"), ...message } as never).then(
        () => "sent",
        (error: Error) => error.message,
      );
    expect(await refused({ topic: "nowhere" })).to.include(
      "No topic route info in name server for the topic: nowhere",
    );
    expect(await refused({ topic: "order" })).to.not.equal("sent");
  });
});
