import { expect } from "chai";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { until } from "../../support/fake-cluster.js";
import { message, range, setUp } from "../../support/producing.js";
import { failure } from "../../support/refusal.js";

describe("sends that are refused, or never answered", () => {
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

  it("tells which sequences it will not repeat", async () => {
    const { producer, a } = setUp();
    for (const i of range(5)) await producer.send(message(String(i)));
    expect(a.frames.map(({ settledBelow }) => settledBelow)).to.deep.equal([1, 2, 3, 4, 5]);
    expect(a.frames.flatMap(({ entries }) => entries).map(({ sequence }) => sequence)).to.deep.equal([
      1, 2, 3, 4, 5,
    ]);
  });
});
