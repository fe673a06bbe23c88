import { expect } from "chai";
import fc from "fast-check";
import { WINDOW_MESSAGES_MAX } from "../../../server/broker/cursor.js";
import { ConsumingBroker, laneOf, quiet, type TestMember } from "../../support/consuming.js";
import { text } from "../../support/store.js";

const EARLIEST = 1;
const ORDERED = 1;

/** `queue/offset#attempt` of what a member has. */
const places = (member: TestMember): string[] =>
  member.received.map(({ queueId, offset, attempt }) => `${queueId}/${offset}#${attempt}`);

async function refused(promise: Promise<unknown>, code: string, words: string): Promise<void> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).to.include({ code });
  expect((error as Error).message).to.include(words);
}

describe("ordered mode", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());
  const standing = async () => (await broker.admin.describe("g")).queues![0];

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

  it("holds back what is behind a failed message of its key, and delivers it in order when that is handled (A5-04)", async () => {
    const [first, second] = await broker.topic("t", 2);
    await broker.sendNumbered(first!, 4);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    await member.ack(0, 1);
    await member.nack(1, { delayMs: 1_000 });
    expect(member.received).to.deep.equal([]);
    await broker.sendNumbered(first!, 1);
    await broker.sendNumbered(second!, 1);
    await broker.pass(999);
    expect(places(member)).to.deep.equal(["1/0#1"]);
    await broker.pass(1);
    expect(places(member).slice(1)).to.deep.equal(["0/1#2"]);
    await member.ack(1, 2);
    expect(places(member).slice(2)).to.deep.equal(["0/2#1", "0/3#1", "0/4#1"]);
  });

  it("lets other keys go on: [1,2,3][7,8,9][4,5,6] with 7 failing (A5-05)", async () => {
    const [queue] = await broker.topic("t");
    const keys = { a: [1, 2, 3], b: [7, 8, 9], c: [4, 5, 6] };
    for (const [orderingKey, numbers] of Object.entries(keys))
      await broker.send(queue!, ...numbers.map((n) => text(String(n), { orderingKey })));
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    expect(member.bodies).to.deep.equal(["1", "2", "3", "7", "8", "9", "4", "5", "6"]);
    for (let attempt = 1; attempt <= 3; attempt++) {
      await member.nack(3, { attempt, delayMs: 1_000 });
      expect(member.bodies.filter((body) => Number(body) > 6)).to.deep.equal([]);
      await broker.pass(1_000);
      expect(member.received.at(-1)).to.include({ body: "7", attempt: attempt + 1 });
      if (attempt > 1) continue;
      await member.ack(0, 3);
      await member.ack(6, 9);
      expect(await standing()).to.include({ offset: 3, lag: 3, inFlight: 1, retrying: 2 });
    }
    broker = await broker.restart();
    expect(await standing(), "no unfinished message was skipped").to.include({ offset: 3, lag: 3 });
    const next = await broker.join({ group: "g", mode: ORDERED });
    await next.credit(100);
    await broker.pass(3_000);
    expect(next.bodies).to.deep.equal(["7"]);
    await next.ack(3, 4);
    expect(next.bodies).to.deep.equal(["7", "8", "9"]);
  });

  it("gives prefetch back for what is behind a failed message: others flow however little there is", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 40, 2);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(20);
    await member.nack(0, { delayMs: 60_000 });
    await member.credit(10);
    expect(member.received.map(({ offset }) => offset)).to.deep.equal(
      Array.from({ length: 20 }, (_, i) => 1 + 2 * i),
    );
  });

  it("tells a member which of its failures were known when messages were taken, so that it can drop those from before", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 2, 1);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    await member.nack(0, { delayMs: 0 });
    await broker.pass(1);
    await member.nack(0, { attempt: 9 });
    expect(member.batches.map(({ failures }) => failures)).to.deep.equal([0, 1, 2]);
    await member.ack(0, 1);
    expect(member.batches.at(-1)).to.include({ failures: 2 });
  });

  it("holds back the key of the failed message after a restart too", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 6, 2);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    await member.nack(2, { delayMs: 10_000 });
    await broker.pass(10);
    broker = await broker.restart();
    const next = await broker.join({ group: "g", mode: ORDERED });
    await next.credit(100);
    await broker.pass(9_000);
    expect(places(next)).to.deep.equal(["0/0#1", "0/1#1", "0/3#1", "0/5#1"]);
    await next.ack(0, 1);
    await broker.pass(1_000);
    expect(places(next).at(-1)).to.equal("0/2#2");
    await next.ack(2, 3);
    expect(places(next).at(-1)).to.equal("0/4#1");
  });

  it("holds back what is read from the disk while its key fails", async () => {
    await broker.close();
    broker = await ConsumingBroker.open({ segmentBytes: 64 << 10, slabsKept: 1, cacheBytes: 1 << 20 });
    const [queue] = await broker.topic("t");
    const body = "x".repeat(1_000);
    for (let i = 0; i < 20; i++)
      await broker.send(
        queue!,
        ...Array.from({ length: 50 }, (_, j) => text(body, { orderingKey: `k${j % 7}` })),
      );
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    const order = new Map<string, number>();
    const failed = new Set<number>();
    const done = new Set<number>();
    for (let round = 0; done.size < 1_000 && round < 20_000; round++) {
      member.write({ credit: { messages: 40, bytes: 64 << 20 } });
      const next = member.received.shift();
      if (next === undefined) await broker.pass(20);
      else if (next.offset % 11 === 3 && !failed.has(next.offset)) {
        failed.add(next.offset);
        // Nothing is waited for: reads are on their way.
        void member.nack(next.offset, { attempt: next.attempt, delayMs: next.offset % 20 });
      } else {
        expect(next.offset).to.be.above(order.get(laneOf(next)) ?? -1);
        order.set(laneOf(next), next.offset);
        done.add(next.offset);
        void member.ack(next.offset, next.offset + 1);
      }
    }
    expect(done.size).to.equal(1_000);
    await broker.pass(10);
    expect(await standing()).to.include({ offset: 1_000, lag: 0 });
  }).timeout(30_000);

  it("says that a queue is held up when its lowest message has no answer for long", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, WINDOW_MESSAGES_MAX + 100);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(1);
    await member.nack(0, { delayMs: 60_000 });
    await member.credit(10);
    await broker.pass(4_000);
    await broker.send(queue!, "more");
    expect(broker.groups.counters.queuesHeldUp).to.equal(0);
    await broker.pass(1_000);
    await broker.send(queue!, "more");
    await broker.send(queue!, "more");
    expect(broker.groups.counters.queuesHeldUp).to.equal(1);
    expect(broker.said.join()).to.include("a queue is held up");
    await member.ack(0, 1);
    expect(member.received.at(-1)!.offset).to.equal(10);
  }).timeout(30_000);

  it("goes on behind a message that somebody skips, in a handler or not", async () => {
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 6, 2);
    const member = await broker.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(100);
    await member.nack(0, { delayMs: 600_000 });
    const skip = { group: "g", topic: "t", queueId: 0, offset: 0, dryRun: false };
    const standing0 = { failures: 1, inFlight: false, waiting: 2 };
    expect(await broker.admin.skip({ ...skip, dryRun: true })).to.deep.equal(standing0);
    expect(places(member).at(-1)).to.equal("0/5#1");
    const skipping = broker.admin.skip(skip);
    await broker.pass(10);
    expect(await skipping).to.deep.equal(standing0);
    expect(places(member).slice(-2)).to.deep.equal(["0/2#1", "0/4#1"]);
    expect(broker.said).to.include("a message was skipped by hand");
    const running = broker.admin.skip({ ...skip, offset: 1 });
    await broker.pass(10);
    expect(await running).to.deep.equal({ failures: 0, inFlight: true, waiting: 0 });
    expect(member.lost).to.deep.equal([{ topic: "t", queueId: 0, offset: 1, attempt: 1 }]);
    await member.nack(1);
    expect(places(member).slice(-2), "what was dropped with it comes again").to.deep.equal([
      "0/3#1",
      "0/5#1",
    ]);
    await refused(broker.admin.skip(skip), "CONFLICT", "already");
    await refused(broker.admin.skip({ ...skip, offset: 6 }), "OFFSET_OUT_OF_RANGE", "ends at 6");
    await refused(broker.admin.skip({ ...skip, group: "h" }), "GROUP_NOT_FOUND", "h");
    await refused(broker.admin.skip({ ...skip, queueId: 9 }), "BAD_REQUEST", "no queue 9");
    broker = await broker.restart();
    expect((await broker.admin.describe("g")).queues![0], "a restart keeps it").to.include({ offset: 2 });
  });

  it("makes its group ordered; members that would not keep the order are refused", async () => {
    await broker.topic("t");
    const member = await broker.join({ group: "g", mode: ORDERED });
    await member.leave();
    const other = await broker.join({ group: "g" });
    expect(other.code).to.equal("CONFLICT");
    expect(other.error!.message).to.include("use mode ordered");
  });

  it("handles every message in order of its key whatever fails and whoever takes over (A5-04)", async () => {
    const step = fc.oneof(
      fc.record({ what: fc.constant("handle" as const), pick: fc.nat({ max: 11 }), fails: fc.boolean() }),
      fc.record({ what: fc.constant("kill" as const), pick: fc.constant(0), fails: fc.constant(false) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const own = await ConsumingBroker.open();
        const [queue] = await own.topic("t");
        await own.sendNumbered(queue!, 12, 3);
        const handled: number[][] = [[], [], []];
        let member = await own.join({ group: "g", mode: ORDERED, from: EARLIEST });
        await member.credit(1_000);
        for (const { what, pick, fails } of steps) {
          const lane = member.received[pick % Math.max(1, member.received.length)];
          const next = member.received.find((each) => lane !== undefined && laneOf(each) === laneOf(lane));
          if (what === "kill") {
            await member.die();
            member = await own.join({ group: "g", mode: ORDERED });
            await member.credit(1_000);
            await own.pass(1_000);
          } else if (next !== undefined && fails) {
            await member.nack(next.offset, { attempt: next.attempt, delayMs: 10 });
            await own.pass(10);
          } else if (next !== undefined) {
            member.received.splice(member.received.indexOf(next), 1);
            handled[next.offset % 3]!.push(next.offset);
            await member.ack(next.offset, next.offset + 1);
          }
        }
        await own.close();
        for (const [key, offsets] of handled.entries())
          expect(offsets).to.deep.equal(offsets.map((_, i) => key + 3 * i));
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
