import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { connect as connectClient, topic } from "../../client/index.js";
import type { BrokerStatus__Output } from "../../proto/gen/logwheel/v1/BrokerStatus.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { Channel } from "../../proto/kernel/channel.js";
import { systemClock } from "../../proto/kernel/clock.js";
import { BROKER, NAME_SERVER } from "../../proto/kernel/contract.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import { HEALTH } from "../../proto/kernel/health.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import { gate } from "../support/orders.js";
import { ServerProcess } from "../support/server-process.js";
import { until } from "../support/until.js";

const connect = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0.5 });
const FREE = "127.0.0.1:0";
const CALL = { timeoutMs: 5_000 };

describe("name server and broker as processes", function () {
  this.timeout(60_000);
  let folder: string;
  const channels: Channel[] = [];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "logwheel-processes-"));
  });
  afterEach(async () => {
    for (const channel of channels.splice(0)) channel.close();
    await ServerProcess.killAll();
  });
  after(() => rm(folder, { recursive: true }));

  function channelTo(address: string): Channel {
    const channel = connect(address);
    channels.push(channel);
    return channel;
  }

  function nameServer(listen = FREE): Promise<ServerProcess> {
    return ServerProcess.start(["server", "namesrv", "--listen", listen]);
  }

  function broker(name: string, namesrv: string, ...more: string[]): Promise<ServerProcess> {
    const options = { name, namesrv, listen: FREE, data: join(folder, name), "segment-bytes": "1MiB" };
    const args = Object.entries(options).flatMap(([option, value]) => [`--${option}`, value]);
    return ServerProcess.start(["server", "broker", ...args, ...more]);
  }

  async function brokersAt(address: string): Promise<BrokerStatus__Output[]> {
    return (await channelTo(address).unary(NAME_SERVER.listBrokers, {}, CALL)).brokers;
  }

  async function namesAt(address: string): Promise<string> {
    return (await brokersAt(address)).map(({ info }) => info?.name).join();
  }

  it("each says ready and its address on stdout, in one line, and logs on stderr", async () => {
    const ns = await nameServer();
    const b = await broker("one-line", ns.address());
    expect(ns.stdout).to.match(/^logwheel \S+ name server ready at 127\.0\.0\.1:\d+\n$/);
    expect(b.stdout).to.match(
      /^logwheel \S+ broker one-line ready at 127\.0\.0\.1:\d+, registered with 1 of 1 name servers.*\n$/,
    );
    expect(await namesAt(ns.address())).to.equal("one-line");
    await b.stop();
    for (const line of b.stderr.trim().split("\n")) expect(JSON.parse(line)).to.have.property("msg");
  });

  it("a broker serves without a name server and registers by itself when one comes (A14-05)", async () => {
    const reserved = await nameServer();
    const address = reserved.address();
    await reserved.stop();
    const b = await broker("early", address);
    expect(b.readyLine).to.include("registered with 0 of 1 name servers");
    await nameServer(address);
    await until("the broker registers", async () => (await namesAt(address)) === "early");
  });

  it("registers with several name servers, and one of them may be down (A14-06)", async () => {
    const [a, b, down] = await Promise.all([nameServer(), nameServer(), nameServer()]);
    await down?.stop();
    const addresses = [a, b, down].map((server) => server?.address() ?? "");
    const started = await broker("several", addresses.join());
    expect(started.readyLine).to.include("registered with 2 of 3 name servers");
    expect(await namesAt(addresses[0]!)).to.equal("several");
    expect(await namesAt(addresses[1]!)).to.equal("several");
  });

  it("a broker that is killed leaves the routes, and returns by itself with a higher log epoch", async () => {
    const ns = await nameServer();
    const first = await broker("killed", ns.address());
    const epoch = (await brokersAt(ns.address()))[0]?.info?.epoch ?? 0;
    await first.kill();
    await until("the broker leaves the routes", async () => (await namesAt(ns.address())) === "");
    await broker("killed", ns.address());
    const [back] = await brokersAt(ns.address());
    expect(back?.info?.epoch).to.be.above(epoch);
  });

  it("a broker that stops leaves the routes first and ends with 0", async () => {
    const ns = await nameServer();
    const b = await broker("stopping", ns.address());
    expect(await b.stop()).to.deep.equal({ code: 0, signal: null });
    expect(await namesAt(ns.address())).to.equal("");
    expect(await ns.stop("SIGINT")).to.deep.equal({ code: 0, signal: null });
  });

  it("a broker that stops waits for handlers and takes their acknowledgements, then ends with 0", async () => {
    const ns = await nameServer();
    const b = await broker("waiting", ns.address());
    await using client = await connectClient({ endpoints: ns.address() });
    await client.admin.topics.create("orders", { queues: 1 });
    const begun = gate();
    const finish = gate();
    const consumer = client.consume(topic("orders"), { group: "g", from: "earliest" }, async () => {
      begun.open();
      await finish.promise;
    });
    await consumer.start();
    await client.producer().send({ topic: topic("orders"), body: Buffer.from("once") });
    await begun.promise;
    const stopped = b.stop();
    await until("the broker has left the routes", async () => (await namesAt(ns.address())) === "");
    finish.open();
    expect(await stopped).to.deep.equal({ code: 0, signal: null });
    await consumer.close({ timeoutMs: 1 });
    const again = channelTo((await broker("waiting", ns.address())).address());
    const { queues } = await again.unary(ADMIN.describeGroup, { name: "g" }, CALL);
    expect(queues[0]).to.include({ offset: 1, lag: 0 });
  });

  it("a topic can be used when its creation returns, and is there after a kill", async () => {
    const ns = await nameServer();
    const first = await broker("topics", ns.address());
    const admin = channelTo(first.address());
    await admin.unary(ADMIN.createTopic, { topic: { name: "orders", queues: 2, type: 1 } }, CALL);
    const { routes } = await channelTo(ns.address()).unary(
      NAME_SERVER.getRoutes,
      { topics: ["orders"] },
      CALL,
    );
    expect(routes[0]?.shares[0]?.topic?.queues).to.equal(2);
    const message = { body: Buffer.from("kept") };
    const { receipt } = await admin.unary(BROKER.send, { topic: "orders", queueId: 0, message }, CALL);
    expect(receipt).to.include({ queueId: 0, queueOffset: 0, flushed: true });
    await first.kill();
    const second = channelTo((await broker("topics", ns.address())).address());
    const pulled = await second.unary(BROKER.pull, { topic: "orders", queueId: 0, offset: 0 }, CALL);
    expect(pulled.endOffset).to.equal(1);
  });

  it("answers the standard health service", async () => {
    const ns = await nameServer();
    const b = await broker("healthy", ns.address());
    for (const address of [ns.address(), b.address()])
      expect(await channelTo(address).unary(HEALTH.check, { service: "" }, CALL)).to.deep.equal({
        status: 1,
      });
    const { code, stdout } = await ServerProcess.run(["cluster", "health", "--server", b.address()]);
    expect([code, stdout]).to.deep.equal([0, "healthy\n"]);
  });

  it("serves metrics and readiness on a port of their own when told to", async () => {
    const ns = await nameServer();
    const b = await broker("measured", ns.address(), "--metrics", FREE);
    const url = `http://${b.address("metrics at")}`;
    expect(await (await fetch(`${url}/readyz`)).text()).to.equal("ready\n");
    expect(await (await fetch(`${url}/metrics`)).text()).to.include("\nlogwheel_storage_segments 1\n");
    expect(ns.readyLine).to.not.include("metrics");
  });

  it("a second broker on one folder is refused in one line, and the first goes on", async () => {
    const ns = await nameServer();
    const first = await broker("folder", ns.address());
    const args = ["server", "broker", "--name", "other", "--namesrv", ns.address(), "--listen", FREE];
    const { code, stdout, stderr } = await ServerProcess.run([...args, "--data", join(folder, "folder")]);
    expect([code, stdout]).to.deep.equal([6, ""]);
    expect(stderr.trim().split("\n")).to.have.length(1);
    expect(stderr).to.include(join(folder, "folder")).and.include("[CONFLICT]");
    expect(await first.stop()).to.deep.equal({ code: 0, signal: null });
  });

  const refused: [what: string, args: string[], sentence: string][] = [
    [
      "a wildcard without an address for clients",
      ["broker", "--listen", "0.0.0.0:0"],
      "set advertise to an address",
    ],
    ["a setting that is none", ["namesrv", "--listen", "here"], '--listen: "here" is not an address'],
    [
      "a settings file that is missing",
      ["broker", "--config", "/nowhere.json"],
      "/nowhere.json cannot be read",
    ],
    [
      "a folder that is a file",
      ["broker", "--listen", FREE, "--data", process.execPath],
      `${process.execPath} cannot hold data: EEXIST`,
    ],
  ];
  for (const [what, args, sentence] of refused) {
    it(`refuses to start with ${what}: exit code 2, one line, no stack`, async () => {
      const { code, stdout, stderr } = await ServerProcess.run(["server", ...args]);
      expect([code, stdout]).to.deep.equal([2, ""]);
      expect(stderr).to.include(sentence);
      expect(stderr.trim().split("\n")).to.have.length(1);
    });
  }

  it("refuses a port that is taken, and says so", async () => {
    const ns = await nameServer();
    const { code, stderr } = await ServerProcess.run(["server", "namesrv", "--listen", ns.address()]);
    expect(code).to.equal(6);
    expect(stderr).to.include(`${ns.address()} is in use`).and.include("[CONFLICT]");
  });
});
