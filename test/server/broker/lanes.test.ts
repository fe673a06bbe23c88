import { expect } from "chai";
import { ConsumingBroker } from "../../support/consuming.js";

const EARLIEST = 1;
const TIME = 2;

describe("The beginning", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  it("of a group that comes long after the messages is the first of them, for the first group and the fifth (A1-03, A1-09)", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 5);
    await broker.pass(3_600_000);
    for (const group of ["a", "b", "c", "d", "e"]) {
      const member = await broker.join({ group, from: EARLIEST });
      await member.credit(100);
      expect(member.bodies).to.deep.equal(["0", "1", "2", "3", "4"]);
    }
    await broker.sendNumbered(queue!, 1);
    for (const { lag } of broker.admin.list().groups!) expect(lag).to.equal(6);
  });

  it("at the latest offset is recorded at once: nothing is skipped when the member dies before it acknowledges", async () => {
    const [queue] = await broker.topic("t");
    await broker.send(queue!, "before");
    const member = await broker.join({ group: "g" });
    await broker.send(queue!, "after");
    await member.die();
    broker = await broker.restart();
    const next = await broker.join({ group: "g" });
    await next.credit(10);
    await broker.pass(3_000);
    expect(next.bodies).to.deep.equal(["after"]);
  });

  it("at a time begins with the first message stored then or later", async () => {
    const [queue] = await broker.topic("t");
    await broker.send(queue!, "early");
    await broker.pass(60_000);
    const fromMs = broker.clock.nowMs();
    await broker.send(queue!, "late");
    const member = await broker.join({ group: "g", from: TIME, fromMs });
    await member.credit(10);
    expect(member.bodies).to.deep.equal(["late"]);
  });

  it("of a queue or topic that comes later is its first message, whatever the group asked for", async () => {
    const [queue] = await broker.topic("t");
    await broker.send(queue!, "before");
    const member = await broker.join({ group: "g", topics: ["t", "new"] });
    await member.credit(10);
    await broker.topics.update({
      name: "t",
      queues: 2,
      setAttributes: {},
      removeAttributes: [],
      dryRun: false,
    });
    const [made] = await broker.topic("new");
    await broker.send(broker.topics.get("t").queues[1]!, "grown");
    await broker.send(made!, "new");
    expect(member.bodies).to.deep.equal(["grown", "new"]);
    expect([...member.assigned.keys()].sort()).to.deep.equal(["new/0", "t/0", "t/1"]);
  });

  it("of a queue that came while nobody was there is its first message too", async () => {
    await broker.topic("t");
    const member = await broker.join({ group: "g" });
    await member.leave();
    await broker.topics.update({
      name: "t",
      queues: 2,
      setAttributes: {},
      removeAttributes: [],
      dryRun: false,
    });
    await broker.send(broker.topics.get("t").queues[1]!, "grown");
    const next = await broker.join({ group: "g" });
    await next.credit(10);
    expect(next.bodies).to.deep.equal(["grown"]);
  });

  it("of a topic that was deleted and made again is its first message", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 5);
    const member = await broker.join({ group: "g", from: EARLIEST });
    await member.credit(100);
    await member.ack(0, 5);
    await broker.topics.delete("t", false);
    await broker.pass(10);
    expect(member.queues).to.deep.equal([]);
    const [again] = await broker.topic("t");
    await broker.send(again!, "again");
    expect(member.received.at(-1)).to.include({ offset: 0, body: "again" });
    expect((await broker.admin.describe("g")).queues).to.have.length(1);
  });
});
