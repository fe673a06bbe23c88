import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { settle } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { FakeCluster, until } from "../../support/fake-cluster.js";
import { message, range, setUp } from "../../support/producing.js";
import { failure } from "../../support/refusal.js";

describe("where sends go", () => {
  it("A1-10 round robin goes over all queues of all brokers", async () => {
    const cluster = new FakeCluster();
    for (const name of ["a", "b"]) cluster.broker(name);
    cluster.names.setTopic("orders", { a: 3, b: 1 });
    const producer = cluster.producer();
    const receipts = await Promise.all(range(40).map((i) => producer.send(message(String(i)))));
    const places = receipts.map(({ broker, queueId }) => `${broker}${queueId}`);
    for (const place of ["a0", "a1", "a2", "b0"])
      expect(places.filter((each) => each === place)).to.have.length(10);
  });

  it("A5-02 A5-03 a key means the same queue of all brokers' queues, for every producer", async () => {
    const cluster = new FakeCluster();
    for (const name of ["b", "a"]) cluster.broker(name);
    cluster.names.setTopic("orders", { b: 2, a: 3 });
    const places = ["a0", "a1", "a2", "b0", "b1"];
    for (const producer of [cluster.producer(), cluster.producer()])
      for (const key of ["x", "customer-77", "ü", "k1", "k2", "k3"]) {
        const { broker, queueId } = await producer.send(message("m", { orderingKey: key }));
        expect(`${broker}${queueId}`).to.equal(places[fnv1aOf(key) % 5]);
      }
  });

  it("a queue named by the caller is used; one that several brokers have needs the broker's name", async () => {
    const cluster = new FakeCluster();
    for (const name of ["a", "b"]) cluster.broker(name);
    cluster.names.setTopic("orders", { a: 3, b: 2 });
    const producer = cluster.producer();
    expect(await producer.send(message("m", { queueId: 2 }))).to.include({ broker: "a", queueId: 2 });
    expect(await producer.send(message("m", { queueId: 1, broker: "b" }))).to.include({
      broker: "b",
      queueId: 1,
    });
    expect((await producer.send(message("m", { broker: "b" }))).broker).to.equal("b");
    const several = await failure(producer.send(message("m", { queueId: 0 })));
    expect(several).to.include({ code: "BAD_REQUEST", sent: "no" });
    expect(several.message).to.contain("several brokers");
    expect(await failure(producer.send(message("m", { queueId: 9 })))).to.include({ code: "BAD_REQUEST" });
  });

  it("a topic that nobody has is TOPIC_NOT_FOUND, and one made later is found", async () => {
    const { cluster, producer } = setUp();
    const payments = topic("payments");
    const error = await failure(producer.send({ topic: payments, body: Buffer.from("x") }));
    expect(error).to.include({ code: "TOPIC_NOT_FOUND", sent: "no" });
    cluster.names.setTopic("payments", { a: 2 });
    await settle();
    expect((await producer.send({ topic: payments, body: Buffer.from("x") })).topic).to.equal("payments");
  });

  it("the first send makes a topic on a broker that creates topics; the others wait for its route", async () => {
    const cluster = new FakeCluster();
    const broker = cluster.broker("a", { autoCreate: true });
    const producer = cluster.producer();
    const first = broker.onFrame;
    broker.onFrame = (frame, stream) => {
      first(frame, stream);
      cluster.names.setTopic("orders", { a: 4 });
    };
    const keys = ["x", "y", "z", "x", "y", "z"];
    const receipts = await until(
      cluster.clock,
      Promise.all(keys.map((orderingKey, i) => producer.send(message(String(i), { orderingKey })))),
    );
    expect(broker.frames[0]!.entries.map(({ queue }) => queue)).to.deep.equal([0]);
    for (const [i, key] of keys.entries()) expect(receipts[i]!.queueId).to.equal(fnv1aOf(key) % 4);
    expect(broker.bodies).to.have.members(["0", "1", "2", "3", "4", "5"]);
  });

  it("sends go around a broker that is down, and its unsent messages too", async () => {
    const { cluster, producer, b } = setUp(["a", "b"]);
    await cluster.kill("a");
    const receipts = await until(
      cluster.clock,
      Promise.all(range(30).map((i) => producer.send(message(String(i))))),
    );
    expect(receipts.every(({ broker }) => broker === "b")).to.equal(true);
    expect(b.bodies).to.have.members(range(30).map(String));
    expect(cluster.clock.monotonicMs()).to.be.below(100);
  });

  it("a stopping broker is left, and found again when it is back", async () => {
    const { cluster, producer, a } = setUp();
    await producer.send(message("0"));
    let stopping = true;
    a.refuse = () => (stopping ? new LogwheelError("BROKER_STOPPING", "stopping") : undefined);
    const sends = range(10).map((i) => producer.send(message(`x${i}`)));
    await cluster.clock.advance(500);
    stopping = false;
    await until(cluster.clock, Promise.all(sends));
    expect(a.bodies).to.have.members(["0", ...range(10).map((i) => `x${i}`)]);
  });

  it("a producer without a limit of tries waits for a broker that has left the routes until it is back", async () => {
    for (const attempts of [3, Number.POSITIVE_INFINITY]) {
      const { cluster, producer, a } = setUp(["a"], { retry: { attempts } });
      await producer.send(message("0"));
      await cluster.kill("a");
      cluster.names.setTopic("orders", {});
      await settle();
      const sent = producer.send(message("1")).then(
        () => "sent",
        ({ code }: LogwheelError) => code,
      );
      await cluster.clock.advance(20_000);
      cluster.serve("a");
      cluster.names.setTopic("orders", { a: 1 });
      expect(await until(cluster.clock, sent)).to.equal(attempts === 3 ? "BROKER_UNAVAILABLE" : "sent");
      expect(a.bodies).to.have.length(attempts === 3 ? 1 : 2);
    }
  });

  it("a message for which nobody waits any more leaves room while every broker is away", async () => {
    const options = { retry: { attempts: Number.POSITIVE_INFINITY }, maxInFlight: 1 };
    const { cluster, producer } = setUp(["a"], options);
    await producer.send(message("0"));
    await cluster.kill("a");
    cluster.names.setTopic("orders", {});
    await settle();
    const late = failure(producer.send(message("1"), { timeoutMs: 500 }));
    await cluster.clock.advance(500);
    expect(await late).to.include({ code: "TIMEOUT" });
    const ready = producer.ready();
    await until(cluster.clock, ready);
  });

  it("when a broker comes back, messages that waited for another one go to it", async () => {
    const { cluster, producer, a } = setUp(["a", "b"]);
    await cluster.kill("a");
    await cluster.kill("b");
    const sends = range(10).map((i) => producer.send(message(String(i))));
    await cluster.clock.advance(500);
    cluster.serve("a");
    await until(cluster.clock, Promise.all(sends));
    expect(a.stored).to.have.length(10);
  });
});
