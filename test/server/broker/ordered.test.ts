import { expect } from "chai";
import fc from "fast-check";
import { ConsumingBroker, quiet } from "../../support/consuming.js";

const EARLIEST = 1;
const ORDERED = 1;

describe("ordered mode", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  it("delivers the messages of a queue in the order in which they were sent (A1-04, A5-01)", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 10_000);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100_000, 1 << 30);
    for (let round = 0; round < 1_000 && member.received.length < 10_000; round++)
      await member.ack(0, member.received.length);
    expect(member.received.map(({ offset }) => offset)).to.deep.equal(
      Array.from({ length: 10_000 }, (_, i) => i),
    );
  });

  it("stops a queue at a message that failed, and delivers it and all behind it again when it is due (A5-04)", async () => {
    const [first, second] = await broker.topic("t", 2);
    await broker.sendNumbered(first!, 4);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    await member.ack(0, 1);
    await member.nack(1, { delayMs: 1_000 });
    await broker.sendNumbered(first!, 1);
    await broker.sendNumbered(second!, 1);
    await broker.pass(999);
    expect(member.received.slice(4).map(({ queueId, offset }) => [queueId, offset])).to.deep.equal([[1, 0]]);
    await broker.pass(1);
    expect(member.received.slice(5).map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
      [1, 2],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
  });

  it("stops at the failed message after a restart too", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 3);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    await member.nack(0, { delayMs: 10_000 });
    await broker.pass(10);
    broker = await broker.restart();
    const next = await broker.join({ group: "g", mode: ORDERED });
    await next.credit(100);
    await broker.pass(9_000);
    expect(next.received).to.deep.equal([]);
    await broker.pass(1_000);
    expect(next.received.map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
      [0, 2],
      [1, 1],
      [2, 1],
    ]);
  });

  it("says that a queue is held up when its lowest message has no answer for long", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 300);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(1_000);
    await broker.pass(4_000);
    await broker.send(queue!, "more");
    expect(broker.groups.counters.queuesHeldUp).to.equal(0);
    await broker.pass(1_000);
    await broker.send(queue!, "more");
    await broker.send(queue!, "more");
    expect(broker.groups.counters.queuesHeldUp).to.equal(1);
    expect(broker.said.join()).to.include("a queue is held up");
    await member.ack(0, 1);
    expect(member.received.at(-1)!.offset).to.equal(256);
  });

  it("makes its group ordered; members that would not keep the order are refused", async () => {
    await broker.topic("t");
    const member = await broker.join({ group: "g", mode: ORDERED });
    await member.leave();
    const other = await broker.join({ group: "g" });
    expect(other.code).to.equal("CONFLICT");
    expect(other.error!.message).to.include("use mode ordered");
  });

  it("handles every message in order whatever fails and whoever takes over (A5-04)", async () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant("handle" as const), fails: fc.boolean() }),
      fc.record({ what: fc.constant("kill" as const), fails: fc.constant(false) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const own = await ConsumingBroker.open();
        const [queue] = await own.topic("t");
        await own.sendNumbered(queue!, 12);
        const handled: number[] = [];
        let member = await own.join({ group: "g", mode: ORDERED, from: EARLIEST });
        await member.credit(1_000);
        for (const { what, fails } of steps) {
          const next = member.received.shift();
          if (what === "kill") {
            await member.die();
            member = await own.join({ group: "g", mode: ORDERED });
            await member.credit(1_000);
            await own.pass(1_000);
          } else if (next !== undefined && fails) {
            await member.nack(next.offset, { attempt: next.attempt, delayMs: 10 });
            member.received.length = 0;
            await own.pass(10);
          } else if (next !== undefined) {
            handled.push(next.offset);
            await member.ack(next.offset, next.offset + 1);
          }
        }
        await own.close();
        expect(handled).to.deep.equal(handled.map((_, i) => i));
      }),
      { numRuns: 25 },
    );
  }).timeout(30_000);
});

describe("broadcast mode", () => {
  const BROADCAST = 3;
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  it("gives every member everything (A1-07)", async () => {
    const [queue] = await broker.topic("t");
    const members = [];
    for (let i = 0; i < 3; i++) members.push(await broker.join({ group: "g", mode: BROADCAST }));
    for (const member of members) await member.credit(1_000);
    await broker.sendNumbered(queue!, 100);
    for (const member of members) expect(member.received.map(({ offset }) => offset)).to.have.length(100);
  });

  it("begins where a member says that it is, and stores nothing", async () => {
    const [queue] = await broker.topic("t", 2);
    await broker.sendNumbered(queue!, 10);
    const positions = [{ topic: "t", queueId: 0, offset: 7 }];
    const member = await broker.join({ group: "g", mode: BROADCAST, positions });
    expect(member.assigned.get("t/0")).to.include({ offset: 7 });
    await member.credit(100);
    expect(member.received.map(({ offset }) => offset)).to.deep.equal([7, 8, 9]);
    await member.ack(7, 10);
    await broker.pass(10);
    expect(member.acked).to.have.length(1);
    expect((await broker.admin.describe("g")).queues).to.deep.equal([]);
    await quiet();
  });

  it("gives a member that comes back what it has not received, from where it says that it is", async () => {
    const [queue] = await broker.topic("t");
    const member = await broker.join({ group: "g", mode: BROADCAST });
    await member.credit(100);
    await broker.sendNumbered(queue!, 5);
    await member.die();
    await broker.sendNumbered(queue!, 1);
    const positions = [{ topic: "t", queueId: 0, offset: 2 }];
    const again = await broker.join({ group: "g", mode: BROADCAST, member: member.id, positions });
    expect(again.id).to.equal(member.id);
    expect(again.assigned.get("t/0")).to.include({ offset: 2 });
    await again.credit(100);
    expect(again.bodies).to.deep.equal(["2", "3", "4", "5"]);
    await again.die();
    const third = await broker.join({ group: "g", mode: BROADCAST, member: member.id });
    await third.credit(100);
    await broker.sendNumbered(queue!, 1);
    expect(third.bodies, "without a position it goes on where it was left").to.deep.equal(["6"]);
  });

  it("takes in queues that come later", async () => {
    await broker.topic("t");
    const member = await broker.join({ group: "g", mode: BROADCAST });
    await member.credit(100);
    await broker.topics.update({
      name: "t",
      queues: 2,
      setAttributes: {},
      removeAttributes: [],
      dryRun: false,
    });
    await broker.send(broker.topics.get("t").queues[1]!, "grown");
    expect(member.bodies).to.deep.equal(["grown"]);
  });
});
