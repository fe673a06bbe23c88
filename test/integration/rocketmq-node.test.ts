import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { ConsumeResult, Producer, PushConsumer, SimpleConsumer } from "rocketmq-client-nodejs";
import { type Client, connect, type Message as NativeMessage, topic } from "../../client/index.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const FREE = "127.0.0.1:0";
const GROUPS = 4;

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();

/** The official client of RocketMQ 5 for Node, unchanged, against a broker of logwheel. */
describe("RocketMQ's own client for Node", function () {
  this.timeout(120_000);
  let folder: string;
  let namesrv: string;
  let broker: ServerProcess;
  let client: Client;
  const open: { shutdown(): Promise<void> }[] = [];
  const { setInterval: begin } = globalThis;
  const { HOME: home } = process.env;
  const intervals: NodeJS.Timeout[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-"));
    // Its push consumers log to a file in the home folder, by intervals that nothing of theirs ends.
    process.env.HOME = folder;
    globalThis.setInterval = ((...args: Parameters<typeof begin>) => {
      const interval = begin(...args);
      intervals.push(interval);
      return interval;
    }) as typeof begin;
    namesrv = (await ServerProcess.start(["server", "namesrv", "--listen", FREE])).address();
    await startBroker(FREE);
    client = await connect({ endpoints: namesrv, logger: false });
    const { topics, groups } = client.admin;
    await topics.create("plain", { queues: 4, type: "normal" });
    await topics.create("order", { queues: 4, type: "ordered" });
    await topics.create("later", { queues: 2, type: "delay" });
    await topics.create("money", { queues: 2, type: "transaction" });
    await groups.create("in-order", { ordered: true });
  });
  after(async () => {
    await Promise.all(open.map((each) => each.shutdown().catch(() => {})));
    await client.close();
    // Their client does not listen any more for how its telemetry ends: the broker has to end it in peace.
    await broker.stop();
    await ServerProcess.killAll();
    for (const interval of intervals) clearInterval(interval);
    globalThis.setInterval = begin;
    if (home === undefined) delete process.env.HOME;
    else process.env.HOME = home;
    await rm(folder, { recursive: true });
  });

  async function startBroker(listen: string): Promise<void> {
    const options = { name: "a", namesrv, listen, data: folder, "segment-bytes": "16MiB" };
    const check = { "transaction-check-after-ms": "1s", "transaction-check-every-ms": "1s" };
    const args = Object.entries({ ...options, ...check }).flatMap(([name, value]) => [`--${name}`, value]);
    args.push("--rocketmq");
    broker = await ServerProcess.start(["server", "broker", ...args]);
  }

  const common = () => ({ endpoints: broker.address(), namespace: "", logger: silent });

  async function started<T extends { startup(): Promise<void>; shutdown(): Promise<void> }>(
    it: T,
  ): Promise<T> {
    await it.startup();
    open.push(it);
    return it;
  }

  const producer = (options: object = {}) => started(new Producer({ ...common(), ...options }));
  const simple = (group: string, from: string) =>
    started(
      new SimpleConsumer({
        ...common(),
        consumerGroup: group,
        subscriptions: new Map([[from, "*"]]),
        awaitDuration: 2_000,
      }),
    );

  it("sends what logwheel's own SDK receives, with tag, keys and properties, and the other way round", async () => {
    const theirs = await producer();
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
    const received = await simple("theirs", "plain");
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
    const sender = await producer();
    const seen: string[] = [];
    await started(
      new PushConsumer({
        ...common(),
        consumerGroup: "in-order",
        subscriptions: new Map([["order", "*"]]),
        messageListener: {
          async consume(view) {
            seen.push(view.body.toString());
            return ConsumeResult.SUCCESS;
          },
        },
      }),
    );
    for (let step = 0; step < 10; step++)
      for (let group = 0; group < GROUPS; group++)
        await sender.send({
          topic: "order",
          messageGroup: `g${group}`,
          body: Buffer.from(`${group}-${step}`),
        });
    await until("all came", async () => seen.length >= 10 * GROUPS);
    for (let group = 0; group < GROUPS; group++)
      expect(seen.filter((body) => body.startsWith(`${group}-`))).to.deep.equal(
        Array.from({ length: 10 }, (_, step) => `${group}-${step}`),
      );
  });

  it("delivers later, and recalls before that", async () => {
    const sender = await producer();
    const sent = await sender.send({ topic: "later", delay: 1_000, body: Buffer.from("soon") });
    const recalled = await sender.send({ topic: "later", delay: 2_000, body: Buffer.from("never") });
    expect(sent.recallHandle).to.not.equal("");
    const answer = await sender.recallMessage("later", recalled.recallHandle);
    expect(answer.messageId).to.equal(recalled.messageId);
    const receiver = await simple("later-group", "later");
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
    const asked: string[] = [];
    const sender = await producer({
      topic: "money",
      checker: {
        async check(view: { body: Buffer }) {
          asked.push(view.body.toString());
          return 1;
        },
      },
    });
    const half = async (body: string) => {
      const transaction = sender.beginTransaction();
      await sender.send({ topic: "money", body: Buffer.from(body) }, transaction);
      return transaction;
    };
    await (await half("committed")).commit();
    await (await half("rolled back")).rollback();
    await half("forgotten");
    const seen: string[] = [];
    const consumer = client.consume(topic("money"), { group: "bank", from: "earliest" }, (message) => {
      seen.push(textOf(message));
    });
    await consumer.start();
    await until("both came", async () => seen.length === 2);
    expect([...seen].sort()).to.deep.equal(["committed", "forgotten"]);
    expect(asked).to.deep.equal(["forgotten"]);
    await consumer.close();
  });

  it("gets again, as another attempt, what it failed on", async () => {
    const sender = await producer();
    const attempts: number[] = [];
    await started(
      new PushConsumer({
        ...common(),
        consumerGroup: "failing",
        subscriptions: new Map([["plain", "fail"]]),
        messageListener: {
          async consume(view) {
            attempts.push(view.deliveryAttempt ?? 0);
            return attempts.length < 3 ? ConsumeResult.FAILURE : ConsumeResult.SUCCESS;
          },
        },
      }),
    );
    await sender.send({ topic: "plain", tag: "fail", body: Buffer.from("x") });
    await sender.send({ topic: "plain", tag: "other", body: Buffer.from("y") });
    await until("it was handled", async () => attempts.length === 3);
    expect(attempts).to.deep.equal([1, 2, 3]);
  });

  it("refuses what is not there, and what a topic does not take, in RocketMQ's words", async () => {
    const sender = await producer();
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
