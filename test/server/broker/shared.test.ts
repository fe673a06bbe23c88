import { expect } from "chai";
import { ConsumingBroker, type TestMember } from "../../support/consuming.js";

const EARLIEST = 1;
const SHARED = 2;

const offsets = (member: TestMember): number[] => member.received.map(({ offset }) => offset);

describe("shared mode", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  const join = (leaseMs = 30_000): Promise<TestMember> =>
    broker.join({ group: "g", mode: SHARED, from: EARLIEST, leaseMs });

  it("gives every member messages of every queue, each message to one of them", async () => {
    const queues = await broker.topic("t", 2);
    const members = [await join(), await join(), await join()];
    for (const member of members) await member.credit(100);
    for (let i = 0; i < 30; i++) await broker.send(queues[i % 2]!, String(i));
    const got = members.flatMap(({ received }) =>
      received.map(({ queueId, offset }) => `${queueId}/${offset}`),
    );
    expect(got).to.have.length(30);
    expect(new Set(got).size).to.equal(30);
    for (const member of members)
      expect(new Set(member.received.map(({ queueId }) => queueId)).size).to.equal(2);
  });

  it("shares a backlog fairly: members take turns, a bounded batch each", async () => {
    const [queue] = await broker.topic("t");
    const members = [await join(), await join()];
    await broker.admin.update({ name: "g", paused: true, dryRun: false });
    for (const member of members) await member.credit(1_000);
    await broker.sendNumbered(queue!, 1_000);
    await broker.admin.update({ name: "g", paused: false, dryRun: false });
    await broker.pass(1);
    const [a, b] = members.map(({ received }) => received.length);
    expect(a! + b!).to.equal(1_000);
    expect(Math.abs(a! - b!)).to.be.at.most(64);
  });

  it("delivers again, with the next attempt, what is not acknowledged within its lease, and tells who lost it", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 2);
    const a = await join(5_000);
    await a.credit(2);
    const b = await join();
    await b.credit(10);
    await a.ack(0, 1);
    await broker.pass(4_999);
    expect(b.received).to.deep.equal([]);
    await broker.pass(1);
    expect(b.received.map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([[1, 2]]);
    expect(a.lost).to.deep.equal([{ topic: "t", queueId: 0, offset: 1, attempt: 1 }]);
    await a.ack(1, 2);
    await broker.pass(10);
    expect(a.acked.at(-1)!.failures.map(({ code }) => code)).to.deep.equal(["LEASE_EXPIRED"]);
    await b.ack(1, 2);
    await broker.pass(10);
    expect(b.acked.at(-1)!.failures).to.deep.equal([]);
    expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 2, lag: 0, inFlight: 0 });
  });

  it("takes back what nobody has begun with: that is no attempt, however often, over a restart too", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 1);
    const a = await join();
    await a.credit(100);
    for (let turn = 0; turn < 40; turn++) {
      await a.nack(0, { delayMs: 0, unseen: true });
      await broker.pass(10);
    }
    expect(new Set(a.received.map(({ offset, attempt }) => `${offset}/${attempt}`))).to.deep.equal(
      new Set(["0/1"]),
    );
    expect(a.received).to.have.length(41);
    await a.nack(0, { delayMs: 60_000, unseen: true });
    await broker.pass(100);
    broker = await broker.restart();
    const b = await join();
    await b.credit(100);
    await broker.pass(61_000);
    expect(b.received.map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([[0, 1]]);
    await b.nack(0, { delayMs: 0 });
    await broker.pass(10);
    expect(b.received.at(-1)).to.include({ offset: 0, attempt: 2 });
  });

  it("sends a member nothing more whose credit begins anew with none", async () => {
    const [queue] = await broker.topic("t");
    const [a, b] = [await join(), await join()];
    await a.credit(100);
    await a.say({ credit: { messages: 0, bytes: 0, anew: true } });
    await b.credit(1);
    await broker.sendNumbered(queue!, 3);
    expect([offsets(a), offsets(b)]).to.deep.equal([[], [0]]);
    await a.credit(2);
    expect(offsets(a)).to.deep.equal([1, 2]);
  });

  it("lengthens a lease, and says when there is none to lengthen", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 1);
    const a = await join(5_000);
    await a.credit(10);
    await broker.pass(4_000);
    await a.say({ extend: { topic: "t", queueId: 0, offset: 0, attempt: 1, leaseMs: 5_000 } });
    await broker.pass(4_999);
    expect(a.lost).to.deep.equal([]);
    await broker.pass(1);
    expect(a.lost).to.have.length(1);
    await a.say({ extend: { topic: "t", queueId: 0, offset: 0, attempt: 1, leaseMs: 5_000 } });
    expect(a.lost).to.have.length(2);
  });

  it("shortens a lease too: the message goes out again when the new end comes", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 1);
    const a = await join();
    await a.credit(10);
    await a.say({ extend: { topic: "t", queueId: 0, offset: 0, attempt: 1, leaseMs: 1_000 } });
    await broker.pass(1_000);
    expect(a.received.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
  });

  it("lengthens every lease by the time in which the process stood still", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 1);
    const a = await join(5_000);
    await a.credit(10);
    await broker.pass(4_000);
    await broker.stall(60_000);
    expect(a.lost).to.deep.equal([]);
    await broker.pass(1_000);
    expect(a.lost).to.have.length(1);
  });

  it("frees at once what a leaving member had, and soon what a killed one had", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 4);
    const a = await join();
    await a.credit(2);
    const b = await join();
    await b.credit(2);
    const c = await join();
    await c.credit(10);
    await a.leave();
    expect(c.received.map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
      [0, 2],
      [1, 2],
    ]);
    await b.die();
    await broker.pass(999);
    expect(offsets(c)).to.deep.equal([0, 1]);
    await broker.pass(1);
    expect(offsets(c)).to.deep.equal([0, 1, 2, 3]);
  });

  it("delivers again at once what a member that came back has not received; what it has stays its own", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 4);
    const a = await join();
    await a.credit(4);
    const b = await join();
    await b.credit(1);
    await a.die();
    const ranges = [
      { start: 0, end: 1 },
      { start: 2, end: 3 },
    ];
    const held = [{ topic: "t", queueId: 0, generation: 0, ranges }];
    const again = await broker.join({ group: "g", mode: SHARED, member: a.id, held });
    await again.credit(10);
    const got = (member: TestMember) => member.received.map(({ offset, attempt }) => [offset, attempt]);
    expect([got(b), got(again)]).to.deep.equal([[[1, 2]], [[3, 2]]]);
    await again.ack(0, 1);
    await again.ack(2, 4);
    await broker.pass(10);
    expect(again.acked.flatMap(({ failures }) => failures)).to.deep.equal([]);
    expect((await broker.admin.describe("g")).queues![0]).to.include({ lag: 1, inFlight: 1 });
  });

  it("takes a failure only from who has the lease on that attempt", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 1);
    const a = await join();
    await a.credit(1);
    const b = await join();
    await b.nack(0, { delayMs: 0 });
    await a.nack(0, { attempt: 2, delayMs: 0 });
    expect((await broker.admin.describe("g")).queues![0]).to.include({ inFlight: 1, retrying: 0 });
    await a.nack(0, { delayMs: 5_000 });
    expect((await broker.admin.describe("g")).queues![0]).to.include({ inFlight: 0, retrying: 1 });
    await b.credit(1);
    await broker.pass(5_000);
    expect(b.received.map(({ attempt }) => attempt)).to.deep.equal([2]);
  });

  it("takes an acknowledgement after a restart, as long as the message is not acknowledged", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 2);
    const a = await join();
    await a.credit(2);
    await broker.pass(10);
    broker = await broker.restart();
    const again = await broker.join({ group: "g", mode: SHARED, member: a.id });
    await again.ack(0, 1);
    const other = await join();
    await other.credit(10);
    expect(offsets(other)).to.deep.equal([1]);
    await again.ack(1, 2);
    await broker.pass(10);
    expect(again.acked.flatMap(({ failures }) => failures)).to.deep.equal([]);
    expect((await broker.admin.describe("g")).queues![0]).to.include({ lag: 0 });
  });
});
