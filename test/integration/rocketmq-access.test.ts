import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Producer, SimpleConsumer } from "rocketmq-client-nodejs";
import { type Client, connect, topic } from "../../client/index.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const SECRET = "not-for-anybody";
const FREE = "127.0.0.1:0";

const silent = { debug() {}, info() {}, warn() {}, error() {} };

describe("a broker that asks clients of RocketMQ for signatures", function () {
  this.timeout(60_000);
  let folder: string;
  let namesrv: string;
  let broker: ServerProcess;
  let client: Client;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-access-"));
    namesrv = (await ServerProcess.start(["server", "namesrv", "--listen", FREE])).address();
    broker = await startBroker("a", ["--rocketmq-access-key", "ak"], {
      LOGWHEEL_ROCKETMQ_ACCESS_SECRET: SECRET,
    });
    client = await connect({ endpoints: namesrv, logger: false });
    await client.admin.topics.create("plain", { queues: 1, type: "normal" });
  });
  after(async () => {
    await client.close();
    await ServerProcess.killAll();
    await rm(folder, { recursive: true });
  });

  /** On every interface, so that it has something to warn of without signatures. */
  function startBroker(name: string, more: string[], environment = {}): Promise<ServerProcess> {
    const options = { name, namesrv, listen: "0.0.0.0:0", advertise: FREE, data: join(folder, name) };
    const args = Object.entries(options).flatMap(([key, value]) => [`--${key}`, value]);
    return ServerProcess.start(["server", "broker", ...args, ...more], environment);
  }

  const common = (credentials?: object) => ({
    endpoints: broker.address("advertised as"),
    namespace: "",
    logger: silent,
    ...(credentials === undefined ? {} : { sessionCredentials: credentials as never }),
  });

  async function refused(credentials?: object): Promise<string> {
    const producer = new Producer(common(credentials));
    await producer.startup();
    const said = await producer.send({ topic: "plain", body: Buffer.from("x") }).then(
      () => "sent",
      (error: Error) => `${error.name}: ${error.message}`,
    );
    await producer.shutdown();
    return said;
  }

  it("serves those who have the secret, and logwheel's own without one", async () => {
    const credentials = { accessKey: "ak", accessSecret: SECRET, securityToken: "is not looked at" };
    const producer = new Producer(common(credentials));
    await producer.startup();
    await producer.send({ topic: "plain", body: Buffer.from("theirs") });
    await client.producer().send({ topic: topic("plain"), body: Buffer.from("ours") });
    const consumer = new SimpleConsumer({
      ...common(credentials),
      consumerGroup: "signed",
      subscriptions: new Map([["plain", "*"]]),
      awaitDuration: 2_000,
    });
    await consumer.startup();
    const bodies: string[] = [];
    await until("both came", async () => {
      for (const view of await consumer.receive(8, 20_000)) {
        bodies.push(view.body.toString());
        await consumer.ack(view);
      }
      return bodies.length === 2;
    });
    expect(bodies.sort()).to.deep.equal(["ours", "theirs"]);
    await consumer.shutdown();
    await producer.shutdown();
  });

  it("refuses who has another secret, another key, or none", async () => {
    const unknown = /^UnauthorizedException: .*the access key is unknown or its secret is another/;
    expect(await refused({ accessKey: "ak", accessSecret: "guessed" })).to.match(unknown);
    expect(await refused({ accessKey: "other", accessSecret: SECRET })).to.match(unknown);
    expect(await refused()).to.match(/^UnauthorizedException: .*the call is not signed/);
  });

  it("logs that it has refused calls, does not warn of being open, and tells nobody the secret", async () => {
    await broker.stop();
    expect(broker.stderr).to.include('"reason":"signature"');
    expect(broker.stderr).to.not.include("whoever reaches");
    expect(broker.stdout + broker.stderr).to.not.include(SECRET);
  });

  it("warns of being open, once, when it does not ask for signatures", async () => {
    const open = await startBroker("b", []);
    await open.stop();
    expect(open.stderr.match(/whoever reaches 0\.0\.0\.0:0/g)).to.have.length(1);
  });
});
