import { expect } from "chai";
import type { ClusterClient } from "../../../client/sdk/client.js";
import { follow, MemoryCluster } from "../../support/memory-cluster.js";
import { gate, orders, range, sendOrders, startOrders, textOf } from "../../support/orders.js";

describe("members of a group", () => {
  let cluster: MemoryCluster;
  let client: ClusterClient;
  const from = { from: "earliest" } as const;
  const setUp = async (queues = 1, brokers: readonly string[] = ["a"]): Promise<void> => {
    ({ cluster, client } = await startOrders(queues, brokers));
  };
  const send = (bodies: readonly string[], more: object = {}) => sendOrders(cluster, client, bodies, more);
  afterEach(() => cluster.close());

  it("A4-09 what a closed member had in hand goes to the next, what it had handled does not", async () => {
    await setUp();
    await send(range(10).map(String));
    const first: string[] = [];
    const waiting = gate();
    const one = client.consume(orders, { group: "g", ...from }, (message) => {
      first.push(textOf(message));
      return first.length > 4 ? waiting.promise : undefined;
    });
    await cluster.advance(one.start());
    await cluster.until("it is under way", () => first.length === 10);
    await cluster.advance(one.close({ timeoutMs: 100 }));
    const second: string[] = [];
    const two = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void second.push(textOf(message)),
    );
    await cluster.advance(two.start());
    await cluster.until("the rest came", () => second.length === 6);
    expect(second).to.deep.equal(["4", "5", "6", "7", "8", "9"]);
    waiting.open();
  });

  it("shared: what a closed member had not begun counts as no attempt", async () => {
    await setUp();
    await send(["1", "2", "3"]);
    const shared = { group: "g", mode: "shared", concurrency: 1, ...from } as const;
    const waiting = gate();
    const one = client.consume(orders, shared, () => waiting.promise);
    await cluster.advance(one.start());
    await cluster.until("all came", () => one.stats.inFlight + one.stats.cached === 3);
    await cluster.advance(one.close({ timeoutMs: 100 }));
    const attempts: number[] = [];
    const two = client.consume(orders, shared, ({ attempt }) => void attempts.push(attempt));
    await cluster.advance(two.start());
    await cluster.until("all came", () => attempts.length === 3);
    expect(attempts.sort()).to.deep.equal([1, 1, 2]);
    waiting.open();
  });

  it("A4-04 a queue that moves lets its handlers finish, and is told of", async () => {
    await setUp(4);
    await send(range(40).map(String));
    const statuses = follow(client);
    const seen: string[] = [];
    const consume = (who: string) =>
      client.consume(
        orders,
        { group: "g", concurrency: 2, prefetch: { messages: 4 }, ...from },
        async (message) => {
          await cluster.clock.sleep(20);
          seen.push(`${who}${textOf(message)}`);
        },
      );
    const one = consume("x");
    await cluster.advance(one.start());
    await cluster.clock.advance(30);
    const two = consume("y");
    await cluster.advance(two.start());
    await cluster.until("all came", () => seen.length >= 40);
    await cluster.clock.advance(500);
    expect(new Set(seen.map((body) => body.slice(1))).size).to.equal(40);
    expect(seen.length).to.equal(40);
    const assigned = statuses.filter((status) => status.type === "assignment");
    expect(assigned.at(-1)).to.include({ group: "g", topic: "orders", broker: "a" });
    expect(assigned.some((status) => status.queues.length === 4)).to.equal(true);
    expect(assigned.filter((status) => status.queues.length === 2).length).to.be.at.least(2);
  });

  it("A4-05 after a broken connection nothing acknowledged comes again, and nothing in a handler runs twice", async () => {
    await setUp(2);
    const seen: string[] = [];
    const consumer = client.consume(orders, { group: "g", concurrency: 8, ...from }, async (message) => {
      await cluster.clock.sleep(message.queueOffset % 7);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    for (let round = 0; round < 10; round++) {
      await send(range(30).map((i) => `${round}.${i}`));
      await cluster.clock.advance(round);
      cluster.network.cut("a:10911");
      await cluster.clock.advance(20);
      cluster.network.heal("a:10911");
      await cluster.clock.advance(300);
    }
    await cluster.until("all came", () => new Set(seen).size === 300);
    await cluster.until("all is acknowledged", () => consumer.stats.acked >= 300);
    expect(seen).to.have.length(300);
  });

  it("shared: a batch that a broken connection swallowed comes again at once, and nothing in a handler runs twice", async () => {
    await setUp(2);
    const seen: string[] = [];
    const options = { group: "g", mode: "shared", concurrency: 8, ...from } as const;
    let cuts = 0;
    const consumer = client.consume(orders, options, async (message) => {
      if (textOf(message) === `${cuts}.0`) {
        cuts++;
        cluster.network.cut("a:10911");
        cluster.clock.after(20, () => cluster.network.heal("a:10911"));
      }
      await cluster.clock.sleep(message.queueOffset % 70);
      seen.push(textOf(message));
    });
    await cluster.advance(consumer.start());
    for (let round = 0; round < 10; round++) {
      await send(range(30).map((i) => `${round}.${i}`));
      await cluster.clock.advance(300);
    }
    await cluster.until("all came", () => new Set(seen).size === 300, 3_000);
    expect(cuts).to.equal(10);
    expect(seen).to.have.length(300);
  });

  it("goes on after the broker was killed and started again", async () => {
    await setUp(2);
    const seen = new Set<string>();
    const statuses = follow(client);
    const consumer = client.consume(orders, { group: "g", ...from }, async (message) => {
      await cluster.clock.sleep(1);
      seen.add(textOf(message));
    });
    await cluster.advance(consumer.start());
    await send(range(50).map((i) => `x${i}`));
    await cluster.kill("a");
    await cluster.clock.advance(2_000);
    await cluster.startBroker("a");
    await send(range(50).map((i) => `y${i}`));
    await cluster.until("all came", () => seen.size === 100);
    const states = statuses.flatMap((status) =>
      (status.type === "connected" || status.type === "reconnecting") && status.endpoint === "a:10911"
        ? status.type
        : [],
    );
    expect(states).to.include.members(["connected", "reconnecting"]);
    expect(states.at(-1)).to.equal("connected");
  });

  it("finds a topic that is made later, and queues on a broker that comes later", async () => {
    cluster = await MemoryCluster.start(["a"]);
    client = await cluster.connect();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(message.broker + textOf(message)),
    );
    await cluster.advance(consumer.start());
    await cluster.advance(client.admin.topics.create("orders", { queues: 1 }));
    await send(["1"]);
    await cluster.until("it came", () => seen.length === 1);
    await cluster.startBroker("b");
    await cluster.advance(client.admin.topics.update("orders", { queues: 2 }));
    await send(["2"], { broker: "b" });
    await cluster.until("it came", () => seen.length === 2);
    expect(seen).to.deep.equal(["a1", "b2"]);
  });

  it("one member has one id on all brokers", async () => {
    await setUp(4, ["a", "b"]);
    const consumer = client.consume(orders, { group: "g", ...from }, () => {});
    await cluster.advance(consumer.start());
    await cluster.clock.advance(100);
    const { members } = await cluster.advance(client.admin.groups.describe("g"));
    expect(members.map(({ broker }) => broker).sort()).to.deep.equal(["a", "b"]);
    expect(new Set(members.map(({ id }) => id)).size).to.equal(1);
  });

  it("start rejects where the group wants something else, and says what", async () => {
    await setUp();
    const one = client.consume(orders, { group: "g" }, () => {});
    await cluster.advance(one.start());
    const two = client.consume(orders, { group: "g", filter: { tags: ["x"] } }, () => {});
    const error = await cluster.advance(two.start().catch((thrown: unknown) => thrown));
    expect(error).to.include({ code: "SUBSCRIPTION_MISMATCH" });
    expect((error as Error).message).to.contain("tags");
  });

  it("a stopping broker is left in peace and found again", async () => {
    await setUp();
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    await send(["1"]);
    await cluster.until("it came", () => seen.length === 1);
    await cluster.stop("a");
    await cluster.clock.advance(1_000);
    await cluster.startBroker("a");
    await send(["2"]);
    await cluster.until("it came", () => seen.length === 2);
    expect(seen).to.deep.equal(["1", "2"]);
  });

  it("a stopping broker waits for handlers: what they finish is not delivered again, what was not begun is", async () => {
    await setUp();
    await send(range(10).map(String));
    const seen: string[] = [];
    const consumer = client.consume(orders, { group: "g", concurrency: 4, ...from }, async (message) => {
      await cluster.clock.sleep(2_000);
      seen.push(`${textOf(message)} ${message.attempt}`);
    });
    await cluster.advance(consumer.start());
    await cluster.until("it is under way", () => consumer.stats.inFlight === 4);
    await cluster.stop("a");
    expect(seen).to.have.length(4);
    await cluster.startBroker("a");
    await cluster.until("the rest came", () => seen.length >= 10);
    await cluster.clock.advance(5_000);
    expect(seen).to.have.members(range(10).map((i) => `${i} 1`));
  });

  it("what waited and does not count any more makes room for what comes instead", async () => {
    await setUp();
    const seen: string[] = [];
    const options = { group: "g", prefetch: { messages: 4 }, ...from };
    const consumer = client.consume(orders, options, (message) => void seen.push(textOf(message)));
    await cluster.advance(consumer.start());
    consumer.pause();
    await send(range(10).map(String));
    await cluster.until("it has enough", () => consumer.stats.cached === 4);
    await cluster.advance(client.admin.groups.resetOffset("g", { topic: "orders", to: { offset: 5 } }));
    consumer.resume();
    await cluster.until("the rest came", () => seen.length === 5, 5_000);
    expect(seen).to.deep.equal(range(10).slice(5).map(String));
  });

  it("an operator's pause is told, and holds", async () => {
    await setUp();
    const statuses = follow(client);
    const seen: string[] = [];
    const consumer = client.consume(
      orders,
      { group: "g", ...from },
      (message) => void seen.push(textOf(message)),
    );
    await cluster.advance(consumer.start());
    await cluster.advance(client.admin.groups.pause("g"));
    await send(["1"]);
    await cluster.clock.advance(500);
    expect(seen).to.deep.equal([]);
    await cluster.advance(client.admin.groups.resume("g"));
    await cluster.until("it came", () => seen.length === 1);
    for (const type of ["paused", "resumed"] as const)
      expect(statuses).to.deep.include({ type, group: "g", reason: "group" });
  });
});
