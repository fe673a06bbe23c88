import { expect } from "chai";
import type { SendReceipt } from "../../../client/sdk/types.js";
import { settle } from "../../../client/testing/test-clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { until } from "../../support/fake-cluster.js";
import { message, range, setUp } from "../../support/producing.js";

describe("ordered sends", () => {
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
});
