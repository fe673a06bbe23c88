import { expect } from "chai";
import { TestClock } from "../../../client/testing/test-clock.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";

describe("delivering again", () => {
  it("a message that comes due behind one that had to wait for credit is delivered", async () => {
    const broker = await ConsumingBroker.open();
    const [queue] = await broker.topic("t", 1);
    const member = await broker.join({ group: "g", mode: 0, from: 1 });
    await member.credit(2);
    await broker.sendNumbered(queue!, 2);
    await member.nack(0, { delayMs: 100 });
    await member.nack(1, { delayMs: 200 });
    await broker.pass(150);
    await member.credit(10);
    await broker.pass(60_000);
    expect(member.bodies).to.deep.equal(["0", "1", "0", "1"]);
    await broker.close();
  });

  it("a message that is acknowledged while it is read for another delivery does not come for ever", async () => {
    let broker = await ConsumingBroker.open();
    const [queue] = await broker.topic("t", 1);
    let member = await broker.join({ group: "g", mode: 2, from: 1, leaseMs: 1_000 });
    await member.credit(100);
    await broker.sendNumbered(queue!, 3);
    expect(member.received).to.have.length(3);
    broker = await broker.restart();
    member = await broker.join({ group: "g", mode: 2, from: 1, leaseMs: 1_000 });
    member.write({ credit: { messages: 100, bytes: 1 << 20 } });
    const ranges = [{ start: 0, end: 3 }];
    member.write({ acks: { serial: 1, queues: [{ topic: "t", queueId: 0, generation: 0, ranges }] } });
    await quiet();
    for (let round = 0; round < 20; round++) await broker.pass(1_100);
    expect(member.received.length).to.be.below(7);
    await broker.close();
  });

  /** Timers that fire up to 2 ms early, and readings 0.1 ms apart: a deadline falls between any two of them. */
  async function eachEarliness(
    run: (broker: ConsumingBroker, about: string) => Promise<void>,
  ): Promise<void> {
    for (let tenths = 0; tenths <= 20; tenths++) {
      const clock = new TestClock();
      const broker = await ConsumingBroker.open({ clock });
      clock.earlyMs = tenths / 10;
      clock.readingMs = 0.1;
      await run(broker, `timers ${clock.earlyMs} ms early`);
      await broker.close();
    }
  }

  it("a message that is ready between two readings of the clock is not forgotten", () =>
    eachEarliness(async (broker, about) => {
      const [queue] = await broker.topic("t", 1);
      const member = await broker.join({ group: "g", mode: 0, from: 1 });
      await member.credit(10);
      await broker.sendNumbered(queue!, 1);
      await member.nack(0, { delayMs: 100 });
      await broker.pass(200);
      expect(member.bodies, about).to.deep.equal(["0", "0"]);
    }));

  it("nor is a lease that ends between two readings", () =>
    eachEarliness(async (broker, about) => {
      const [queue] = await broker.topic("t", 1);
      const member = await broker.join({ group: "g", mode: 2, from: 1, leaseMs: 1_000 });
      await member.credit(10);
      await broker.sendNumbered(queue!, 1);
      await broker.pass(1_200);
      expect(member.lost, about).to.have.length(1);
      expect(member.bodies, about).to.deep.equal(["0", "0"]);
    }));

  it("in order, a failed message is delivered when its time comes, also behind others that were not delivered before", async () => {
    let broker = await ConsumingBroker.open();
    const [queue] = await broker.topic("t", 1);
    let member = await broker.join({ group: "g", mode: 0, from: 1 });
    await member.credit(3);
    await broker.sendNumbered(queue!, 3);
    await member.nack(1, { delayMs: 10_000 });
    await broker.pass(10);
    broker = await broker.restart();
    member = await broker.join({ group: "g", mode: 1, from: 1 });
    await broker.pass(4_000);
    await member.credit(10);
    expect(member.bodies).to.deep.equal(["0"]);
    await broker.pass(6_000);
    expect(member.bodies).to.deep.equal(["0", "1"]);
    await member.ack(1, 2);
    expect(member.bodies).to.deep.equal(["0", "1", "2"]);
    await broker.close();
  });

  it("a message that failed is delivered in time, also after an earlier one was acknowledged instead of delivered again", async () => {
    const broker = await ConsumingBroker.open();
    const [queue] = await broker.topic("t", 1);
    const member = await broker.join({ group: "g", mode: 0, from: 1 });
    await member.credit(2);
    await broker.sendNumbered(queue!, 2);
    await member.nack(0, { delayMs: 100 });
    await member.nack(1, { delayMs: 300 });
    await broker.pass(200);
    await member.ack(0, 1);
    await member.credit(10);
    await broker.pass(200);
    expect(member.bodies).to.deep.equal(["0", "1", "1"]);
    await broker.close();
  });
});
