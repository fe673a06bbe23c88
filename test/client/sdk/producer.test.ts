import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import type { ProducerOptions, SendReceipt } from "../../../client/sdk/types.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { FakeCluster, until } from "../../support/fake-cluster.js";
import { settle } from "../../support/manual-clock.js";

const orders = topic("orders");
const message = (body: string, more: object = {}) => ({ topic: orders, body: Buffer.from(body), ...more });
const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** A cluster of brokers with one queue each, and a producer. */
function setUp(brokers: readonly string[] = ["a"], options: ProducerOptions = {}, seed = 1) {
  const cluster = new FakeCluster(seed);
  const [a, b] = brokers.map((name) => cluster.broker(name));
  cluster.names.setTopic("orders", Object.fromEntries(brokers.map((name) => [name, 1])));
  return { cluster, producer: cluster.producer(options), a: a!, b: b! };
}

async function failure(promise: Promise<unknown>): Promise<LogwheelError> {
  try {
    await promise;
  } catch (thrown) {
    expect(LogwheelError.is(thrown), String(thrown)).to.equal(true);
    return thrown as LogwheelError;
  }
  throw new Error("it did not fail");
}

describe("producer", () => {
  it("A3-02 gives a receipt that says where the message is and what was done", async () => {
    const { cluster, producer } = setUp();
    const receipt = await producer.send(message("one"));
    expect(receipt.messageId).to.equal("a-1-1000");
    expect({ ...receipt }).to.deep.equal({
      topic: "orders",
      broker: "a",
      queueId: 0,
      queueOffset: 0,
      done: { written: true, flushed: true, replicas: 0 },
    });
    expect(JSON.parse(JSON.stringify(receipt))).to.include({ messageId: "a-1-1000", broker: "a" });
    await producer.close();
    expect(cluster.clock.waiting).to.equal(0);
  });

  it("A13 a receipt of a broker that flushes later does not claim a flush", async () => {
    const { producer, a } = setUp();
    a.flushed = false;
    const receipt = await producer.send(message("one"));
    expect(receipt.done).to.deep.equal({ written: true, flushed: false, replicas: 0 });
  });

  it("A1-13 tag, keys, properties, ordering key, time and host arrive as given", async () => {
    const { cluster, producer, a } = setUp();
    const given = { tag: "web", keys: ["k1", "k2"], properties: { x: "1", y: "ü" }, orderingKey: "c-7" };
    await producer.send(message("body", given));
    const [stored] = a.stored;
    expect(stored!.message).to.deep.include({ ...given, bornHost: "test-host", encoding: 0 });
    expect(stored!.message.bornAtMs).to.equal(cluster.clock.nowMs());
  });

  it("a lone send goes at once, without a timer", async () => {
    const { cluster, producer } = setUp();
    await producer.send(message("warm"));
    const before = cluster.clock.monotonicMs();
    await producer.send(message("lone"));
    expect(cluster.clock.monotonicMs()).to.equal(before);
  });

  it("sends of one turn leave in one frame, and those while frames are under way in the next", async () => {
    const { producer, a } = setUp();
    await producer.send(message("warm"));
    const held: (() => void)[] = [];
    a.onFrame = (frame, stream) => held.push(() => stream.write(a.accept(frame)));
    const sends = [...range(10).map((i) => producer.send(message(`a${i}`)))];
    for (let frame = 2; frame <= 3; frame++) {
      await settle();
      sends.push(producer.send(message(`b${frame}`)));
    }
    await settle();
    for (let i = 0; i < 50; i++) {
      sends.push(producer.send(message(`c${i}`)));
      await settle();
    }
    expect(a.frames.slice(1).map(({ entries }) => entries.length)).to.deep.equal([10, 1, 1]);
    for (let answered = 0; answered < held.length; answered++) {
      held[answered]!();
      await settle();
    }
    await Promise.all(sends);
    expect(a.frames.map(({ entries }) => entries.length)).to.deep.equal([1, 10, 1, 1, 50]);
    expect(a.bodies.slice(-50)).to.deep.equal(range(50).map((i) => `c${i}`));
  });

  it("frames stay near 256 KiB, or 1 MiB where the broker syncs between frames", async () => {
    for (const [flushSync, cap] of [
      [false, 256 << 10],
      [true, 1 << 20],
    ] as const) {
      const cluster = new FakeCluster();
      const broker = cluster.broker("a", { flushSync });
      cluster.names.setTopic("orders", { a: 1 });
      const producer = cluster.producer();
      await producer.send(message("warm"));
      const body = Buffer.alloc(10_000, 1);
      await Promise.all(range(300).map(() => producer.send({ topic: orders, body })));
      const sizes = broker.frames.slice(1).map(({ entries }) => entries.length * 10_000);
      expect(Math.max(...sizes)).to.be.within(cap * 0.9, cap);
    }
  });

  it("a message larger than a frame has one of its own", async () => {
    const { producer, a } = setUp();
    const body = Buffer.alloc(4 << 20, 7);
    await Promise.all([
      producer.send(message("x")),
      producer.send({ topic: orders, body }),
      producer.send(message("y")),
    ]);
    expect(a.stored.map((entry) => entry.message.body.length)).to.deep.equal([1, 4 << 20, 1]);
  });

  it("linger gathers over turns, until its time or its size is reached", async () => {
    const { cluster, producer, a } = setUp(["a"], { linger: { ms: 20, maxMessages: 5 } });
    const first = producer.send(message("0"));
    await settle();
    const second = producer.send(message("1"));
    await settle();
    expect(a.frames).to.have.length(0);
    await until(cluster.clock, Promise.all([first, second]));
    expect(a.frames.map(({ entries }) => entries.length)).to.deep.equal([2]);
    await Promise.all(range(5).map((i) => producer.send(message(String(i)))));
    expect(a.frames.map(({ entries }) => entries.length)).to.deep.equal([2, 5]);
  });

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

  it("A3-10 what cannot be sent is refused before anything is, in every mode", async () => {
    const { producer, a } = setUp();
    const bad = [
      { body: Buffer.alloc(0), code: "BAD_REQUEST" },
      { body: Buffer.alloc((4 << 20) + 1), code: "MESSAGE_TOO_LARGE" },
      { body: "text" as unknown as Buffer, code: "CODEC" },
      { body: Buffer.from("x"), tag: "a||b", code: "BAD_REQUEST" },
      { body: Buffer.from("x"), tag: "a\nb", code: "BAD_REQUEST" },
      { body: Buffer.from("x"), tag: "t".repeat(128), code: "MESSAGE_TOO_LARGE" },
      { body: Buffer.from("x"), orderingKey: "k".repeat(64), code: "MESSAGE_TOO_LARGE" },
      { body: Buffer.from("x"), keys: range(17).map(String), code: "BAD_REQUEST" },
      { body: Buffer.from("x"), keys: [""], code: "BAD_REQUEST" },
      { body: Buffer.from("x"), properties: { a: 1 as unknown as string }, code: "BAD_REQUEST" },
      { body: Buffer.from("x"), properties: { a: "v".repeat(17_000) }, code: "MESSAGE_TOO_LARGE" },
    ];
    for (const { code, ...rest } of bad) {
      const what = { topic: orders, ...rest };
      expect(await failure(producer.send(what))).to.include({ code, sent: "no" });
      expect(await failure(producer.sendBatch([what]))).to.include({ code, sent: "no" });
      expect(() => producer.sendOneway(what))
        .to.throw(LogwheelError)
        .with.property("code", code);
    }
    expect(a.frames).to.have.length(0);
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

  it("A3-02 each refusal reaches its own caller, and the rest of the frame its receipts", async () => {
    const { producer, a } = setUp();
    a.refuse = ({ message: { body } }) =>
      body.toString() === "bad" ? new LogwheelError("FORBIDDEN", "not this one") : undefined;
    const outcomes = await Promise.allSettled(["1", "bad", "2"].map((body) => producer.send(message(body))));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(["fulfilled", "rejected", "fulfilled"]);
    const { reason } = outcomes[1] as PromiseRejectedResult;
    expect(reason).to.include({ code: "FORBIDDEN", sent: "no" });
    expect(reason.details).to.include({ topic: "orders", broker: "a", attempts: 1 });
  });

  it("A3-03 what may be repeated is repeated as often as the policy says", async () => {
    const { cluster, producer, a } = setUp(["a"], { retry: { attempts: 5 } });
    let refusals = 0;
    a.refuse = () => {
      refusals++;
      return new LogwheelError("THROTTLED", "too much");
    };
    const error = await failure(until(cluster.clock, producer.send(message("x"))));
    expect(error).to.include({ code: "THROTTLED", sent: "no" });
    expect(error.details.attempts).to.equal(5);
    expect(refusals).to.equal(5);
  });

  it("a broker's hint delays the next try", async () => {
    const { cluster, producer, a } = setUp();
    let refused = 0;
    a.refuse = () =>
      refused++ === 0 ? new LogwheelError("THROTTLED", "wait", { retryAfterMs: 700 }) : undefined;
    await until(cluster.clock, producer.send(message("x")));
    expect(cluster.clock.monotonicMs()).to.be.at.least(700);
  });

  it("retries stay within a share of the traffic", async () => {
    const { cluster, producer, a } = setUp(["a"], { retry: { attempts: 10 } });
    let seen = 0;
    a.refuse = () => {
      seen++;
      return new LogwheelError("THROTTLED", "too much");
    };
    const sends = range(2_000).map((i) => producer.send(message(String(i))));
    const outcomes = await until(cluster.clock, Promise.allSettled(sends));
    expect(outcomes.every(({ status }) => status === "rejected")).to.equal(true);
    expect(seen).to.be.within(2_000 + 100, 2_000 + 100 + 200 + 1);
  });

  it("after a definite no another broker is tried", async () => {
    const { cluster, producer, a, b } = setUp(["a", "b"]);
    a.refuse = () => new LogwheelError("DISK_FULL", "no room");
    const receipts = await until(
      cluster.clock,
      Promise.all(range(20).map((i) => producer.send(message(String(i))))),
    );
    expect(receipts.map(({ broker }) => broker)).to.deep.equal(range(20).map(() => "b"));
    expect(a.stored).to.have.length(0);
    expect(b.bodies).to.have.members(range(20).map(String));
  });

  it("a keyed message and one for a named queue are tried nowhere else", async () => {
    const { cluster, producer, a } = setUp(["a", "b"]);
    a.refuse = () => new LogwheelError("DISK_FULL", "no room");
    const key = range(100)
      .map(String)
      .find((each) => fnv1aOf(each) % 2 === 0)!;
    const sends = [
      producer.send(message("k", { orderingKey: key })),
      producer.send(message("n", { broker: "a" })),
    ];
    for (const outcome of await until(cluster.clock, Promise.allSettled(sends)))
      expect((outcome as PromiseRejectedResult).reason).to.include({ code: "DISK_FULL", sent: "no" });
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

  it("A3-15 with every broker down a send says so after the request's time, and nothing was sent", async () => {
    const { cluster, producer } = setUp();
    await cluster.kill("a");
    const error = await failure(until(cluster.clock, producer.send(message("x"))));
    expect(error).to.include({ code: "BROKER_UNAVAILABLE", sent: "no" });
    expect(error.message).to.contain("broker a");
    expect(cluster.clock.monotonicMs()).to.be.within(3_000, 5_000);
  });

  it("A3-09 with endless attempts a send outlasts ten minutes without a broker, order kept", async () => {
    const { cluster, producer, a } = setUp(["a"], { retry: { attempts: Number.POSITIVE_INFINITY } });
    await cluster.kill("a");
    const sends = range(20).map((i) => producer.send(message(String(i), { orderingKey: "k" })));
    await cluster.clock.advance(600_000);
    cluster.serve("a");
    await until(cluster.clock, Promise.all(sends));
    expect(a.bodies).to.deep.equal(range(20).map(String));
  });

  it("A3-05 A8-09 a message whose answer was lost is repeated under its sequence and stored once", async () => {
    const { cluster, producer, a } = setUp();
    await producer.send(message("first"));
    let lose = true;
    a.onFrame = (frame, stream) => {
      const reply = a.accept(frame);
      if (lose) cluster.network.cut("a:10911");
      else stream.write(reply);
    };
    const sends = range(10).map((i) => producer.send(message(String(i))));
    await cluster.clock.advance(20);
    lose = false;
    cluster.network.heal("a:10911");
    const receipts = await until(cluster.clock, Promise.all(sends));
    expect(a.bodies).to.deep.equal(["first", ...range(10).map(String)]);
    expect(receipts.map(({ queueOffset }) => queueOffset)).to.deep.equal(range(10).map((i) => i + 1));
    await until(cluster.clock, producer.close());
    expect(cluster.clock.waiting).to.equal(0);
  });

  it("a message of unknown outcome never goes to another broker", async () => {
    const { cluster, producer, a, b } = setUp(["a", "b"]);
    await Promise.all([producer.send(message("1")), producer.send(message("2"))]);
    const before = b.stored.length;
    a.onFrame = (frame) => {
      a.accept(frame);
      cluster.network.cut("a:10911");
    };
    const send = producer.send(message("x", { broker: "a" }));
    const other = producer.send(message("y"));
    const third = producer.send(message("z"));
    const outcomes = await until(cluster.clock, Promise.allSettled([send, other, third]));
    const rejected = outcomes.filter(({ status }) => status === "rejected");
    expect(rejected).to.have.length(2);
    for (const outcome of rejected)
      expect((outcome as PromiseRejectedResult).reason).to.include({
        code: "CONNECTION_LOST",
        sent: "maybe",
      });
    expect(b.stored).to.have.length(before + 1);
  });

  it("a broker that says nothing is given up after the request's time, and the message repeated", async () => {
    const { cluster, producer, a } = setUp();
    const usual = a.onFrame;
    a.onFrame = (frame) => {
      a.accept(frame);
      a.onFrame = usual;
    };
    await until(cluster.clock, producer.send(message("x")));
    expect(a.bodies).to.deep.equal(["x"]);
    expect(a.frames).to.have.length(2);
    expect(cluster.clock.monotonicMs()).to.be.within(3_000, 3_500);
  });

  it("a broker that never answers costs three tries, and the outcome is unknown", async () => {
    const { cluster, producer, a } = setUp();
    a.onFrame = () => {};
    const error = await failure(until(cluster.clock, producer.send(message("x"))));
    expect(error).to.include({ sent: "maybe" });
    expect(a.frames).to.have.length(3);
  });

  it("garbage for an answer breaks the stream, not the process", async () => {
    for (const garbage of [
      Buffer.from([0xff]),
      Buffer.alloc(0),
      Buffer.from("hello"),
      Buffer.from([8, 99]),
    ]) {
      const { cluster, producer, a } = setUp();
      const usual = a.onFrame;
      a.onFrame = (_, stream) => {
        stream.write(garbage);
        a.onFrame = usual;
      };
      await until(cluster.clock, producer.send(message("x")));
      expect(a.bodies).to.deep.equal(["x"]);
    }
  });

  it("a broker of another version is not tried again", async () => {
    const { cluster, producer, a } = setUp();
    a.onFrame = (_, stream) => stream.fail(new LogwheelError("UNSUPPORTED_VERSION", "1 is not 2"));
    const error = await failure(until(cluster.clock, producer.send(message("x"))));
    expect(error).to.include({ code: "UNSUPPORTED_VERSION", sent: "no" });
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

  it("A5-04 order is kept though messages are refused, answers lost and the broker restarted", async () => {
    for (let seed = 1; seed <= 30; seed++) {
      const { cluster, producer, a } = setUp(["a"], { retry: { attempts: Number.POSITIVE_INFINITY } }, seed);
      const { random } = cluster;
      a.refuse = () => (random() < 0.05 ? new LogwheelError("THROTTLED", "now and then") : undefined);
      a.onFrame = (frame, stream) => {
        const reply = random() < 0.9 ? a.accept(frame) : null;
        if (reply !== null && random() < 0.9) stream.write(reply);
        else stream.fail(new LogwheelError("CONNECTION_LOST", "cut"));
      };
      const sends: Promise<SendReceipt>[] = [];
      for (let i = 0; i < 200; i++) {
        sends.push(producer.send(message(`${i % 3}:${i}`, { orderingKey: `k${i % 3}` })));
        if (random() < 0.3) await settle();
      }
      await until(cluster.clock, Promise.all(sends));
      for (const key of [0, 1, 2]) {
        const mine = a.bodies.filter((body) => body.startsWith(`${key}:`));
        expect(mine, `seed ${seed}`).to.deep.equal(
          range(200)
            .filter((i) => i % 3 === key)
            .map((i) => `${key}:${i}`),
        );
      }
    }
  });

  it("ordered sends go on behind one that was given up", async () => {
    const { cluster, producer, a } = setUp();
    a.refuse = ({ message: { body } }) =>
      body.toString() === "2" ? new LogwheelError("FORBIDDEN", "not this one") : undefined;
    const sends = range(6).map((i) => producer.send(message(String(i), { orderingKey: "k" })));
    const outcomes = await until(cluster.clock, Promise.allSettled(sends));
    expect(outcomes.map(({ status }) => status)).to.deep.equal(
      range(6).map((i) => (i === 2 ? "rejected" : "fulfilled")),
    );
    expect(a.bodies).to.deep.equal(["0", "1", "3", "4", "5"]);
  });

  it("ordered sends go on with a broker that has forgotten the producer", async () => {
    const { cluster, producer, a } = setUp();
    for (const i of range(3)) await producer.send(message(String(i), { orderingKey: "k" }));
    a.stored.length = 0;
    await until(cluster.clock, producer.send(message("3", { orderingKey: "k" })));
    await producer.send(message("4", { orderingKey: "k" }));
    expect(a.bodies).to.deep.equal(["3", "4"]);
  });

  it("ordered sends go on after some whose outcome stayed unknown, stored or not", async () => {
    for (const stored of [true, false]) {
      const { cluster, producer, a } = setUp();
      await producer.send(message("0", { orderingKey: "k" }));
      const usual = a.onFrame;
      a.onFrame = (frame) => {
        if (stored) a.accept(frame);
      };
      const lost = range(3).map((i) => producer.send(message(`lost${i}`, { orderingKey: "k" })));
      const outcomes = await until(cluster.clock, Promise.allSettled(lost));
      for (const outcome of outcomes)
        expect((outcome as PromiseRejectedResult).reason).to.include({ sent: "maybe" });
      a.onFrame = usual;
      await until(cluster.clock, producer.send(message("1", { orderingKey: "k" })));
      const seen = a.bodies.filter((body) => !body.startsWith("lost"));
      expect(seen).to.deep.equal(["0", "1"]);
      expect(new Set(a.bodies).size).to.equal(a.bodies.length);
    }
  });

  it("sends beyond the limit wait, and one-way sends are told that there is no room", async () => {
    const { cluster, producer, a } = setUp(["a"], { maxInFlight: 10 });
    await producer.send(message("warm"));
    const held: (() => void)[] = [];
    a.onFrame = (frame, stream) => held.push(() => stream.write(a.accept(frame)));
    const sends = range(25).map((i) => producer.send(message(String(i))));
    await settle();
    expect(a.frames.slice(1).flatMap(({ entries }) => entries)).to.have.length(10);
    expect(producer.sendOneway(message("no"))).to.equal(false);
    let ready = false;
    const wait = producer.ready().then(() => {
      ready = true;
    });
    await settle();
    expect(ready).to.equal(false);
    for (let i = 0; i < 20; i++) {
      held.shift()?.();
      await settle();
    }
    await Promise.all([...sends, wait]);
    expect(producer.sendOneway(message("yes"))).to.equal(true);
    const flushed = producer.flush();
    await settle();
    held.shift()?.();
    await flushed;
    expect(a.bodies).to.have.length(27);
    expect(cluster.statuses.filter(({ type }) => type === "error")).to.have.length(0);
  });

  it("bytes are limited like messages", async () => {
    const { producer, a } = setUp(["a"], { maxBufferedBytes: 5_000 });
    await producer.send(message("warm"));
    a.onFrame = () => {};
    for (let i = 0; i < 20; i++) producer.send({ topic: orders, body: Buffer.alloc(1_000) }).catch(() => {});
    await settle();
    expect(a.frames.slice(1).flatMap(({ entries }) => entries).length).to.be.within(4, 6);
  });

  it("A3-01 a one-way send never throws for a broker's error, and the error is told", async () => {
    const { cluster, producer, a } = setUp();
    a.refuse = () => new LogwheelError("FORBIDDEN", "no");
    expect(producer.sendOneway(message("x"))).to.equal(true);
    await until(cluster.clock, producer.flush());
    const [told] = cluster.statuses.filter(({ type }) => type === "error");
    expect(told).to.have.nested.property("error.code", "FORBIDDEN");
  });

  it("sendBatch stores all of its messages in one queue, in one frame, in a row", async () => {
    const cluster = new FakeCluster();
    const broker = cluster.broker("a");
    cluster.names.setTopic("orders", { a: 4 });
    const producer = cluster.producer();
    const [receipts] = await Promise.all([
      producer.sendBatch(range(5).map((i) => message(`b${i}`))),
      producer.send(message("lone")),
    ]);
    expect(new Set(receipts.map(({ queueId }) => queueId)).size).to.equal(1);
    expect(receipts.map(({ queueOffset }) => queueOffset)).to.deep.equal(range(5));
    expect(broker.frames[0]!.entries.map(({ more }) => more)).to.deep.equal([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(new Set(receipts.map(({ messageId }) => messageId)).size).to.equal(5);
  });

  it("sendBatch is refused whole, repeated whole, and keeps the order of its key", async () => {
    const { cluster, producer, a } = setUp();
    let refused = 0;
    a.refuse = ({ message: { body } }) =>
      body.toString() === "b1" && refused++ === 0 ? new LogwheelError("THROTTLED", "once") : undefined;
    const orderingKey = "k";
    const sends = [
      producer.send(message("before", { orderingKey })),
      producer.sendBatch(range(3).map((i) => message(`b${i}`, { orderingKey }))),
      producer.send(message("after", { orderingKey })),
    ];
    await until(cluster.clock, Promise.all(sends));
    expect(a.bodies).to.deep.equal(["before", "b0", "b1", "b2", "after"]);
  });

  it("sendBatch takes 1 to 128 messages of one topic and key", async () => {
    const { producer } = setUp();
    const bad = [
      [],
      range(129).map((i) => message(String(i))),
      [message("a", { orderingKey: "1" }), message("b", { orderingKey: "2" })],
      [message("a"), { topic: topic("other"), body: Buffer.from("b") }],
    ];
    for (const messages of bad)
      expect(await failure(producer.sendBatch(messages))).to.include({ code: "BAD_REQUEST", sent: "no" });
    expect(await producer.sendBatch(range(128).map((i) => message(String(i))))).to.have.length(128);
  });

  it("compressed bodies are smaller, and only those that gain by it", async () => {
    const { producer, a } = setUp(["a"], { compress: { algorithm: "zlib", minBytes: 100 } });
    await producer.send({ topic: orders, body: Buffer.alloc(1_000, "a") });
    await producer.send({ topic: orders, body: Buffer.from("short") });
    expect(a.stored.map((entry) => entry.message.encoding)).to.deep.equal([1, 0]);
    expect(a.stored[0]!.message.body.length).to.be.below(100);
  });

  it("a signal ends the wait: no if nothing has left, maybe if it has", async () => {
    const { producer, a } = setUp(["a"], { maxInFlight: 1 });
    await producer.send(message("warm"));
    a.onFrame = () => {};
    const stop = new AbortController();
    const sent = producer.send(message("x"), { signal: stop.signal });
    const waiting = producer.send(message("y"), { signal: stop.signal });
    await settle();
    stop.abort();
    expect(await failure(sent)).to.include({ code: "ABORTED", sent: "maybe" });
    expect(await failure(waiting)).to.include({ code: "ABORTED", sent: "no" });
    expect(await failure(producer.send(message("z"), { signal: stop.signal }))).to.include({
      code: "ABORTED",
      sent: "no",
    });
    expect(a.frames.flatMap(({ entries }) => entries)).to.have.length(2);
  });

  it("a time limit of the caller's ends the wait", async () => {
    const { cluster, producer, a } = setUp();
    a.onFrame = () => {};
    const error = await failure(until(cluster.clock, producer.send(message("x"), { timeoutMs: 250 })));
    expect(error).to.include({ code: "TIMEOUT", sent: "maybe" });
    expect(cluster.clock.monotonicMs()).to.be.within(250, 270);
  });

  it("close waits for what is under way and takes nothing new", async () => {
    const { producer, a } = setUp();
    await producer.send(message("warm"));
    let answer = (): void => {};
    a.onFrame = (frame, stream) => {
      answer = () => stream.write(a.accept(frame));
    };
    const send = producer.send(message("x"));
    await settle();
    let closed = false;
    const close = producer.close().then(() => {
      closed = true;
    });
    expect(await failure(producer.send(message("late")))).to.include({ code: "CLOSED", sent: "no" });
    await settle();
    expect(closed).to.equal(false);
    answer();
    await Promise.all([send, close, producer.close(), producer.closed]);
    expect(a.bodies).to.deep.equal(["warm", "x"]);
    expect(a.streams.size).to.equal(0);
  });

  it("close gives up after its deadline, and says that the outcome is unknown", async () => {
    const { cluster, producer, a } = setUp(["a"], { maxInFlight: 1 });
    await producer.send(message("warm"));
    a.onFrame = () => {};
    const sent = failure(producer.send(message("x")));
    const waiting = failure(producer.send(message("y")));
    await until(cluster.clock, producer.close({ timeoutMs: 1_000 }));
    expect(await sent).to.include({ code: "CLOSED", sent: "maybe" });
    expect(await waiting).to.include({ code: "CLOSED", sent: "no" });
  });

  it("close without draining ends at once", async () => {
    const { producer, a } = setUp();
    await producer.send(message("warm"));
    a.onFrame = () => {};
    const sent = failure(producer.send(message("x")));
    await settle();
    await producer.close({ drain: false });
    expect(await sent).to.include({ code: "CLOSED", sent: "maybe" });
  });

  it("tells which sequences it will not repeat", async () => {
    const { producer, a } = setUp();
    for (const i of range(5)) await producer.send(message(String(i)));
    expect(a.frames.map(({ settledBelow }) => settledBelow)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(a.frames.flatMap(({ entries }) => entries).map(({ sequence }) => sequence)).to.deep.equal([
      1, 2, 3, 4, 5,
    ]);
  });
});
