import { expect } from "chai";
import { topic } from "../../../client/sdk/topic.js";
import { settle } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { FakeCluster, until } from "../../support/fake-cluster.js";
import { message, orders, range, setUp } from "../../support/producing.js";
import { failure } from "../../support/refusal.js";

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

  it("A3-10 what cannot be sent is refused before anything is, in every mode", async () => {
    const { producer, a } = setUp();
    const bad = [
      { body: Buffer.alloc(0), code: "BAD_REQUEST" },
      { body: Buffer.alloc((4 << 20) + 1), code: "MESSAGE_TOO_LARGE" },
      { body: "text" as unknown as Buffer, code: "CODEC" },
      { body: Buffer.from("x"), tag: "a||b", code: "BAD_REQUEST" },
      { body: Buffer.from("x"), tag: "a\nb", code: "BAD_REQUEST" },
      { body: Buffer.from("x"), tag: "t".repeat(16_385), code: "MESSAGE_TOO_LARGE" },
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
});
