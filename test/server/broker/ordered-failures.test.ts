import { expect } from "chai";
import fc from "fast-check";
import { DEAD_REASON } from "../../../proto/kernel/dead-letter.js";
import type { Queue } from "../../../server/store/queue.js";
import { ConsumingBroker, laneOf, type TestMember } from "../../support/consuming.js";
import { text } from "../../support/store.js";

const [EARLIEST, ORDERED] = [1, 1] as const;
const TTL_MS = 5_000;

/** `offset#attempt` of what a member has. */
const places = (member: TestMember): string[] =>
  member.received.map(({ offset, attempt }) => `${offset}#${attempt}`);

const offsetsOf = (member: TestMember): number[] => member.received.map(({ offset }) => offset);

/** The numbers from `from` on, below `end`. */
const every = (step: number, from: number, end: number): number[] =>
  Array.from({ length: Math.ceil((end - from) / step) }, (_, i) => from + i * step);

describe("failures in order by key", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  const limit = (maxAttempts: number, retryDelaysMs: number[] = [], own = broker) =>
    own.admin.create({
      group: { name: "g", ordered: true, maxAttempts, assign: 0, paused: false, retryDelaysMs },
    });
  const join = async (own = broker): Promise<TestMember> => {
    const member = await own.join({ group: "g", mode: ORDERED, from: EARLIEST });
    await member.credit(10_000);
    return member;
  };
  const letters = async (own = broker) =>
    (await own.deadLetters("g")).map(({ body, reason, attempts }) => [body, reason, attempts]);
  const standing = async () => (await broker.admin.describe("g")).queues![0]!;

  it("waits the group's time before each attempt, for each key by itself (A9-09)", async () => {
    await limit(4, [100, 2_000]);
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 4, 2);
    const member = await join();
    await member.nack(0);
    await broker.pass(60);
    await member.nack(1);
    await broker.pass(39);
    expect(places(member)).to.deep.equal([]);
    await broker.pass(1);
    expect(places(member)).to.deep.equal(["0#2"]);
    await broker.pass(60);
    expect(places(member)).to.deep.equal(["0#2", "1#2"]);
    await member.nack(0, { attempt: 2 });
    await member.ack(1, 2);
    expect(places(member)).to.deep.equal(["1#2", "3#1"]);
    await broker.pass(1_999);
    expect(places(member)).to.have.length(2);
    await broker.pass(1);
    await member.nack(0, { attempt: 3 });
    await broker.pass(2_000);
    expect(places(member).at(-1)).to.equal("0#4");
    expect(await standing()).to.include({ lag: 3, inFlight: 2, retrying: 1 });
  });

  it("moves a message after its last attempt, once, and its key goes on in order behind it (A5-04)", async () => {
    await limit(2, [100]);
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 8, 2);
    const member = await join();
    await member.nack(2);
    await member.ack(0, 1);
    await broker.pass(100);
    expect(places(member).at(-1)).to.equal("2#2");
    await member.nack(2, { attempt: 2 });
    await broker.pass(10);
    expect(await letters()).to.deep.equal([["2", DEAD_REASON.attempts, 2]]);
    expect(offsetsOf(member).filter((offset) => offset % 2 === 0)).to.deep.equal([4, 6]);
    expect(offsetsOf(member).filter((offset) => offset % 2 === 1)).to.deep.equal([1, 3, 5, 7]);
    await member.ack(1, 2);
    await member.ack(3, 8);
    expect(await standing()).to.include({ lag: 0, offset: 8 });
  });

  it("moves a rejected message at once, while another key waits, and under the same generation", async () => {
    await limit(5, [10_000]);
    const [queue] = await broker.topic("t");
    await broker.sendNumbered(queue!, 6, 2);
    const member = await join();
    const generation = member.generation(0);
    await member.nack(1);
    await member.nack(0, { reject: true });
    await broker.pass(10);
    expect(await letters()).to.deep.equal([["0", DEAD_REASON.rejected, 1]]);
    expect(places(member)).to.deep.equal(["2#1", "4#1"]);
    expect(member.generation(0)).to.equal(generation);
    await broker.pass(10_000);
    expect(places(member)).to.deep.equal(["2#1", "4#1", "1#2"]);
  });

  it("does the same over a restart: what had its last attempt is moved, and only then what waits for it comes", async () => {
    for (const how of ["restart", "kill", "crash"] as const) {
      await broker.close();
      broker = await ConsumingBroker.open();
      await limit(2, [1_000]);
      const [queue] = await broker.topic("t");
      await broker.sendNumbered(queue!, 9, 3);
      const first = await join();
      await first.nack(0);
      await first.nack(1, { reject: true });
      await broker.pass(500);
      broker = await broker[how]();
      await broker.admin.update({ name: "g", maxAttempts: 1, dryRun: false });
      const member = await join();
      await broker.pass(3_000);
      expect(offsetsOf(member), how).to.have.members(every(1, 2, 9));
      for (const key of [0, 1, 2]) {
        const lane = offsetsOf(member).filter((offset) => offset % 3 === key);
        expect(lane, how).to.deep.equal([...lane].sort((a, b) => a - b));
      }
      expect(await letters(), how).to.deep.equal([
        ["1", DEAD_REASON.rejected, 1],
        ["0", DEAD_REASON.attempts, 1],
      ]);
      await member.ack(2, 9);
      await broker.pass(500);
      broker = await broker[how]();
      expect(await letters(), how).to.have.length(2);
      expect(await standing()).to.include({ lag: 0 });
    }
  });

  const expiring = async (expired: 0 | 1): Promise<Queue> =>
    (await broker.topics.create({ name: "t", queues: 1, type: 5, expired })).queues[0]!;
  const ofKey = (body: string, orderingKey: string, ttlMs = 0) => text(body, { orderingKey, ttlMs });

  for (const [name, expired] of [
    ["goes to the dead letters", 0],
    ["is dropped", 1],
  ] as const) {
    it(`an expired message in the middle of a key ${name}, and the key goes on (A9-05)`, async () => {
      const queue = await expiring(expired);
      await broker.send(queue, ofKey("0", "a"), ofKey("1", "a", TTL_MS), ofKey("2", "b"), ofKey("3", "a"));
      await broker.pass(TTL_MS);
      const member = await join();
      await broker.pass(1_000);
      expect(member.bodies).to.deep.equal(["0", "2", "3"]);
      await member.ack(0, 1);
      await member.ack(2, 4);
      await broker.pass(10);
      expect(await letters()).to.deep.equal(expired === 0 ? [["1", DEAD_REASON.expired, 0]] : []);
      expect(await standing()).to.include({ lag: 0 });
    });

    it(`one that expires while it waits behind a failed one ${name} in its turn`, async () => {
      const queue = await expiring(expired);
      await broker.send(queue, ofKey("0", "a"), ofKey("1", "a", TTL_MS), ofKey("2", "a"), ofKey("3", "a"));
      const member = await join();
      await member.nack(0, { delayMs: 2 * TTL_MS });
      await broker.pass(2 * TTL_MS);
      expect(places(member)).to.deep.equal(["0#2"]);
      await member.ack(0, 1);
      await broker.pass(10);
      expect(places(member)).to.deep.equal(["0#2", "2#1", "3#1"]);
      await member.ack(2, 4);
      await broker.pass(10);
      expect(await letters()).to.deep.equal(expired === 0 ? [["1", DEAD_REASON.expired, 0]] : []);
      expect(await standing()).to.include({ lag: 0 });
    });

    it(`a failed one that expires before its next attempt ${name}, also after a restart, and frees its key`, async () => {
      const queue = await expiring(expired);
      await broker.send(queue, ofKey("0", "a", TTL_MS), ofKey("1", "a"), ofKey("2", "b"));
      const first = await join();
      await first.nack(0, { delayMs: 2 * TTL_MS });
      await broker.pass(10);
      broker = await broker.restart();
      const member = await join();
      await broker.pass(2 * TTL_MS - 100);
      expect(member.bodies).to.deep.equal(["2"]);
      await broker.pass(100);
      expect(member.bodies).to.deep.equal(["2", "1"]);
      expect(await letters()).to.deep.equal(expired === 0 ? [["0", DEAD_REASON.expired, 1]] : []);
    });
  }

  it("handles or gives up every message once, in order of its key, whatever fails and restarts (A5-04)", async () => {
    const step = fc.record({
      what: fc.constantFrom("handle", "handle", "handle", "fail", "reject", "kill", "restart"),
      pick: fc.nat({ max: 11 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 30 }), async (steps) => {
        let own = await ConsumingBroker.open();
        await limit(2, [10], own);
        const [queue] = await own.topic("t");
        await own.sendNumbered(queue!, 12, 3);
        const handled: number[] = [];
        let member = await join(own);
        const act = async (what: string, pick: number): Promise<void> => {
          const lane = member.received[pick % Math.max(1, member.received.length)];
          const next = member.received.find((each) => lane !== undefined && laneOf(each) === laneOf(lane));
          if (what === "kill" || what === "restart") {
            if (what === "restart") own = await own.restart();
            else await member.die();
            member = await join(own);
            await own.pass(3_100);
          } else if (next === undefined) return;
          else if (what === "handle") {
            member.received.splice(member.received.indexOf(next), 1);
            handled.push(next.offset);
            await member.ack(next.offset, next.offset + 1);
          } else await member.nack(next.offset, { attempt: next.attempt, reject: what === "reject" });
          await own.pass(10);
        };
        for (const { what, pick } of steps) await act(what, pick);
        while (member.received.length > 0) await act("handle", 0);
        const dead = (await own.deadLetters("g")).map(({ queueOffset }) => queueOffset);
        await own.close();
        for (const key of [0, 1, 2]) {
          const offsets = handled.filter((offset) => offset % 3 === key);
          expect(offsets).to.deep.equal([...offsets].sort((a, b) => a - b));
        }
        expect([...handled, ...dead].sort((a, b) => a - b)).to.deep.equal(every(1, 0, 12));
      }),
      { numRuns: 25 },
    );
  }).timeout(30_000);
});
