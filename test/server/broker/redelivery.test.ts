import { expect } from "chai";
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
});
