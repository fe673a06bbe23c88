import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { FakeCluster, until } from "../../support/fake-cluster.js";
import { FakeNameServer } from "../../support/fake-name-server.js";

const orders = topic("orders");
const brokersOf = (cluster: FakeCluster) =>
  cluster.routes
    .route("orders")
    ?.shares.filter(({ goneMs }) => goneMs === null)
    .map(({ broker }) => broker);

describe("routes", () => {
  let cluster: FakeCluster;

  async function setUp(endpoints: readonly string[] = ["names:9876"]): Promise<void> {
    cluster = new FakeCluster(1, endpoints);
    cluster.names.addBroker("a");
    cluster.names.addBroker("b");
    cluster.names.setTopic("orders", { a: 1, b: 1 });
    await until(cluster.clock, cluster.routes.start({}));
    await until(cluster.clock, cluster.routes.find("orders"));
    await cluster.clock.advance(1);
  }

  const statesOf = (endpoint: string) =>
    cluster.statuses.flatMap((status) =>
      "endpoint" in status && status.endpoint === endpoint ? status.type : [],
    );

  it("asks once for many who want to know the same", async () => {
    await setUp();
    cluster.names.asked.length = 0;
    await Promise.all([1, 2, 3].map(() => cluster.routes.refresh("other")));
    expect(cluster.names.asked).to.deep.equal([["other"]]);
  });

  it("learns of a change when it happens, and tells who listens", async () => {
    await setUp();
    const told: string[] = [];
    const stop = cluster.routes.onChange((name) => told.push(name));
    cluster.names.setTopic("orders", { a: 2 });
    await cluster.clock.advance(1);
    expect(brokersOf(cluster)).to.deep.equal(["a"]);
    expect(told).to.deep.equal(["orders"]);
    stop();
    cluster.names.setTopic("orders", { a: 3 });
    await cluster.clock.advance(1);
    expect(told).to.have.length(1);
    expect(cluster.statuses.filter(({ type }) => type === "route-changed")).to.have.length(3);
  });

  it("A14-05 uses whichever name server answers, and watches the next when one goes", async () => {
    await setUp(["down:1", "one:1", "two:1"]);
    cluster.network.cut("down:1");
    await cluster.clock.advance(2_000);
    expect(cluster.names.watches).to.equal(1);
    for (const endpoint of ["one:1", "two:1", "one:1"]) {
      cluster.network.cut(endpoint);
      await cluster.clock.advance(3_000);
      expect(cluster.names.watches, `${endpoint} is down`).to.equal(1);
      cluster.network.heal(endpoint);
    }
    cluster.names.setTopic("orders", { b: 1 });
    await cluster.clock.advance(20_000);
    expect(brokersOf(cluster)).to.deep.equal(["b"]);
  });

  it("known routes stay in use while every name server is down", async () => {
    await setUp();
    cluster.broker("a");
    const producer = cluster.producer();
    cluster.network.cut("names:9876");
    await cluster.clock.advance(600_000);
    expect(brokersOf(cluster)).to.deep.equal(["a", "b"]);
    expect(
      (await until(cluster.clock, producer.send({ topic: orders, body: Buffer.from("x") }))).broker,
    ).to.equal("a");
    expect(statesOf("names:9876").at(-1)).to.equal("reconnecting");
    cluster.network.heal("names:9876");
    await cluster.clock.advance(2_000);
    expect(statesOf("names:9876").at(-1)).to.equal("connected");
  });

  it("a name server that was restarted and knows little yet takes nothing away; later it is believed", async () => {
    await setUp();
    cluster.names.topics.clear();
    cluster.network.cut("names:9876");
    await cluster.clock.advance(100);
    cluster.network.heal("names:9876");
    await cluster.clock.advance(5_000);
    expect(brokersOf(cluster)).to.deep.equal(["a", "b"]);
    cluster.names.setTopic("orders", { a: 1 });
    await cluster.clock.advance(1_000);
    expect(brokersOf(cluster)).to.deep.equal(["a", "b"]);
    await cluster.clock.advance(15_000);
    expect(brokersOf(cluster)).to.deep.equal(["a"]);
  });

  it("a name server that has lost every broker is checked against the others", async () => {
    cluster = new FakeCluster(1, ["one:1"]);
    const two = new FakeNameServer();
    for (const names of [cluster.names, two]) {
      names.addBroker("a");
      names.setTopic("orders", { a: 1 });
    }
    cluster.network.serve("two:1", [two.served()]);
    const both = new FakeCluster(1, []);
    both.network.serve("one:1", [cluster.names.served()]);
    both.network.serve("two:1", [two.served()]);
    const routes = both.routesOver(["one:1", "two:1"]);
    await routes.start({});
    await routes.find("orders");
    await both.clock.advance(20_000);
    cluster.names.setTopic("orders", {});
    await both.clock.advance(100);
    expect(routes.route("orders")?.shares).to.deep.include({
      broker: "a",
      queues: 1,
      readable: true,
      writable: true,
      goneMs: null,
    });
    two.setTopic("orders", {});
    await routes.refresh("orders");
    expect(routes.route("orders")?.shares[0]?.goneMs).to.be.a("number");
    routes.close();
  });

  it("waits a moment for name servers that are just being started", async () => {
    cluster = new FakeCluster();
    cluster.network.cut("names:9876");
    const starting = cluster.routes.start({});
    await cluster.clock.advance(1_000);
    cluster.network.heal("names:9876");
    await until(cluster.clock, starting);
  });

  it("says whom it asked when nobody answers", async () => {
    cluster = new FakeCluster(1, ["one:1", "two:1"]);
    for (const endpoint of ["one:1", "two:1"]) cluster.network.cut(endpoint);
    const error = await until(
      cluster.clock,
      cluster.routes.start({}).catch((thrown: unknown) => thrown),
    );
    expect(LogwheelError.is(error, "BROKER_UNAVAILABLE")).to.equal(true);
    expect((error as Error).message).to.contain("one:1, two:1");
    expect(cluster.clock.monotonicMs()).to.be.at.most(3_100);
    expect(cluster.clock.waiting).to.equal(0);
  });

  it("close leaves nothing behind", async () => {
    await setUp();
    cluster.names.setTopic("orders", { a: 1 });
    await cluster.clock.advance(1);
    cluster.routes.close();
    await cluster.clock.advance(1);
    expect(cluster.names.watches).to.equal(0);
    expect(cluster.clock.waiting).to.equal(0);
  });

  it("lets go of the connection to a broker that moved", async () => {
    await setUp();
    cluster.broker("a");
    const producer = cluster.producer();
    await until(cluster.clock, producer.send({ topic: orders, body: Buffer.from("x"), broker: "a" }));
    const before = cluster.connections.count;
    cluster.names.addBroker("a", { address: "elsewhere:1", epoch: 2 });
    cluster.names.tell("orders");
    await cluster.clock.advance(1);
    expect(cluster.connections.count).to.equal(before - 1);
    expect(statesOf("a:10911").at(-1)).to.equal("disconnected");
  });
});
