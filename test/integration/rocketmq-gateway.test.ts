import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Producer, SimpleConsumer } from "rocketmq-client-nodejs";
import { type Client, connect, topic } from "../../client/index.js";
import { makeClientTopics, RocketmqClients } from "../support/rocketmq-clients.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const FREE = "127.0.0.1:0";

const textOf = ({ body }: { readonly body: Uint8Array }): string => Buffer.from(body).toString();

/** The official client of RocketMQ 5 for Node, unchanged, against a gateway and two brokers that know nothing of it. */
describe("a gateway of its own, by RocketMQ's client for Node", function () {
  this.timeout(120_000);
  let folder: string;
  let namesrv: string;
  let gateway: ServerProcess;
  let brokers: Map<string, ServerProcess>;
  let native: Client;
  let clients: RocketmqClients;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-gateway-"));
    clients = new RocketmqClients(folder, () => gateway.address());
    const names = await ServerProcess.start(["server", "namesrv", "--listen", FREE]);
    namesrv = names.address();
    await names.stop();
    gateway = await startGateway();
    expect(gateway.readyLine).to.include("no name server answers yet");
    await ServerProcess.start(["server", "namesrv", "--listen", namesrv]);
    brokers = new Map([
      ["a", await startBroker("a")],
      ["b", await startBroker("b")],
    ]);
    native = await connect({ endpoints: namesrv, logger: false });
    await makeClientTopics(native);
  });
  after(async () => {
    await clients.shutdown();
    await native.close();
    await gateway.stop();
    await ServerProcess.killAll();
    clients.restore();
    await rm(folder, { recursive: true });
  });

  function startGateway(...more: string[]): Promise<ServerProcess> {
    return ServerProcess.start(["server", "gateway", "--listen", FREE, "--namesrv", namesrv, ...more]);
  }

  function startBroker(name: string): Promise<ServerProcess> {
    const options = { name, namesrv, listen: FREE, data: join(folder, name), "segment-bytes": "16MiB" };
    const check = { "transaction-check-after-ms": "1s", "transaction-check-every-ms": "1s" };
    const args = Object.entries({ ...options, ...check }).flatMap(([flag, value]) => [`--${flag}`, value]);
    return ServerProcess.start(["server", "broker", ...args]);
  }

  async function send(sender: Producer, bodies: readonly string[]): Promise<void> {
    for (const body of bodies) await sender.send({ topic: "plain", body: Buffer.from(body) });
  }

  /** Receives and acknowledges until all of these have come. */
  async function receive(receiver: SimpleConsumer, bodies: readonly string[]): Promise<void> {
    const missing = new Set(bodies);
    await until(
      "all came",
      async () => {
        for (const view of await receiver.receive(16, 20_000)) {
          missing.delete(view.body.toString());
          await receiver.ack(view);
        }
        return missing.size === 0;
      },
      60_000,
    );
  }

  /** By broker: how many messages of the topic it has, and how many of them the group has not acknowledged. */
  async function progress(group: string, of: string): Promise<Map<string, { end: number; lag: number }>> {
    const sums = new Map<string, { end: number; lag: number }>();
    const { queues } = await native.admin.groups.describe(group);
    for (const { broker, topic: name, endOffset, lag } of queues) {
      if (name !== of) continue;
      const sum = sums.get(broker) ?? { end: 0, lag: 0 };
      sums.set(broker, { end: sum.end + endOffset, lag: sum.lag + lag });
    }
    return sums;
  }

  it("puts messages on every broker of a topic, and takes and acknowledges them there", async () => {
    const bodies = Array.from({ length: 20 }, (_, index) => `m${index}`);
    await send(await clients.producer(), bodies);
    await receive(await clients.simple("takers", "plain"), bodies);
    const sums = await progress("takers", "plain");
    expect([...sums.keys()].sort()).to.deep.equal(["a", "b"]);
    for (const [broker, { end, lag }] of sums) {
      expect(end, broker).to.be.above(0);
      expect(lag, broker).to.equal(0);
    }
  });

  it("knows from the brokers that a group is ordered, and keeps the order of message groups over both", async () => {
    await clients.expectOrder();
    const { mode } = (await native.admin.groups.describe("in-order")).members[0]!;
    expect(mode).to.equal("ordered");
  });

  it("delivers later, and recalls before that", async () => {
    const sender = await clients.producer();
    await sender.send({ topic: "later", delay: 1_000, body: Buffer.from("soon") });
    const recalled = await sender.send({ topic: "later", delay: 600_000, body: Buffer.from("never") });
    const { messageId } = await sender.recallMessage("later", recalled.recallHandle);
    expect(messageId).to.equal(recalled.messageId);
    await receive(await clients.simple("later-group", "later"), ["soon"]);
    expect(await native.admin.delayed.list({ topic: "later" }).toArray()).to.deep.equal([]);
  });

  it("commits, rolls back, and has producers asked about what nobody decided, on either broker", async () => {
    const sender = await clients.moneyProducer();
    await (await clients.half(sender, "committed")).commit();
    await (await clients.half(sender, "rolled back")).rollback();
    await clients.half(sender, "forgotten 1");
    await clients.half(sender, "forgotten 2");
    const seen: string[] = [];
    const consumer = native.consume(topic("money"), { group: "bank", from: "earliest" }, (message) => {
      seen.push(textOf(message));
    });
    await consumer.start();
    await until("all came", () => seen.length === 3, 60_000);
    expect([...seen].sort()).to.deep.equal(["committed", "forgotten 1", "forgotten 2"]);
    expect([...new Set(clients.asked)].sort()).to.deep.equal(["forgotten 1", "forgotten 2"]);
    expect((await progress("bank", "money")).size).to.equal(2);
    await consumer.close();
  });

  it("goes on without a broker that dies, and finds it again at another address", async () => {
    const sender = await clients.moneyProducer();
    const receiver = await clients.simple("survivors", "plain");
    await send(sender, ["before 1", "before 2"]);
    await receive(receiver, ["before 1", "before 2"]);
    await brokers.get("b")!.kill();
    const sent: string[] = [];
    await until("the routes are without it", async () => {
      const body = `alone ${sent.length}`;
      await sender.send({ topic: "plain", body: Buffer.from(body) }).then(
        () => sent.push(body),
        () => {},
      );
      return sent.length === 4;
    });
    await receive(receiver, sent);
    brokers.set("b", await startBroker("b"));
    const ends = async (): Promise<number> => (await progress("survivors", "plain")).get("b")?.end ?? 0;
    const before = await until("it is there again", ends, 30_000);
    const after: string[] = [];
    await until(
      "it gets messages",
      async () => {
        const body = `after ${after.length}`;
        await send(sender, [body]);
        after.push(body);
        return (await ends()) > before;
      },
      30_000,
    );
    await receive(receiver, after);
    await until(
      "all is acknowledged",
      async () => (await progress("survivors", "plain")).get("b")?.lag === 0,
    );
    const halves = ["half 1", "half 2", "half 3", "half 4"];
    for (const body of halves) await clients.half(sender, body);
    await until(
      "both brokers have asked",
      () => halves.every((body) => clients.asked.includes(body)),
      30_000,
    );
  });

  it("refuses a topic that no broker has, in RocketMQ's words", async () => {
    const sender = await clients.producer();
    const refused = await sender.send({ topic: "nowhere", body: Buffer.from("x") }).then(
      () => "sent",
      (error: Error) => error.message,
    );
    expect(refused).to.include("No topic route info in name server for the topic: nowhere");
  });

  /** Polls until one has come, and keeps it. */
  async function one(receiver: SimpleConsumer) {
    const [view] = await until("it came", async () => {
      const views = await receiver.receive(1, 60_000);
      return views.length > 0 && views;
    });
    return view!;
  }

  it("has what its clients had come again by another gateway when it dies", async () => {
    const other = await startGateway();
    const sender = await clients.producer();
    const receiver = await clients.simple("orphans", "plain", other.address());
    await send(sender, ["orphan"]);
    const had = await one(receiver);
    expect(had.deliveryAttempt).to.equal(1);
    await other.kill();
    const second = await clients.simple("orphans", "plain");
    const again = await until("it came again", async () =>
      (await second.receive(16, 60_000)).find(({ messageId }) => messageId === had.messageId),
    );
    expect(again.deliveryAttempt).to.equal(2);
  });

  it("stops when clients have settled what they have, and gives out nothing meanwhile", async () => {
    const other = await startGateway();
    const sender = await clients.producer();
    const receiver = await clients.simple("leavers", "plain", other.address());
    await send(sender, ["kept"]);
    const view = await one(receiver);
    const stopped = other.stop();
    await until("polls are refused", () =>
      receiver.receive(1, 60_000).then(
        () => false,
        (error: Error) => error.message.includes("the gateway is stopping"),
      ),
    );
    await receiver.ack(view);
    expect(await stopped).to.deep.equal({ code: 0, signal: null });
  });

  it("serves health, metrics and readiness like the other roles", async () => {
    const other = await startGateway("--metrics", FREE);
    expect(other.readyLine).to.include("2 brokers in the routes");
    const server = other.address();
    expect((await ServerProcess.run(["cluster", "health", "--server", server])).code).to.equal(0);
    const at = `http://${other.address("metrics at")}`;
    expect((await fetch(`${at}/readyz`)).status).to.equal(200);
    expect(await (await fetch(`${at}/metrics`)).text()).to.include("logwheel_gateway_clients 0");
    expect(await other.stop()).to.deep.equal({ code: 0, signal: null });
  });
});
