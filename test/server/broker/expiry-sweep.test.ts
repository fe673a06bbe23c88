import { expect } from "chai";
import { DEAD_REASON } from "../../../proto/kernel/dead-letter.js";
import type { Queue } from "../../../server/store/queue.js";
import { ConsumingBroker, type TestMember } from "../../support/consuming.js";

const EARLIEST = 1;
const [CONCURRENT, ORDERED, SHARED, BROADCAST] = [0, 1, 2, 3] as const;
const MODES = Object.entries({ concurrent: CONCURRENT, ordered: ORDERED, shared: SHARED });
const TTL_MS = 60_000;

/** The time between two looks, and a little. */
const LOOK_MS = 10_500;

describe("what expires for a group without members", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  const topic = async (settings: { ttlMs?: number; expired?: 0 | 1 } = {}): Promise<Queue> =>
    (await broker.topics.create({ name: "t", queues: 1, type: 5, ...settings })).queues[0]!;
  const join = (mode: 0 | 1 | 2 | 3 = CONCURRENT, filter: { tags?: string; sql?: string } = {}) =>
    broker.join({
      group: "g",
      mode,
      from: EARLIEST,
      leaseMs: 10_000,
      subscriptions: [{ topic: "t", ...filter }],
    });
  /** A member that was there: what the group wants is known, and it has a place. */
  const beThere = async (...as: Parameters<typeof join>): Promise<void> => (await join(...as)).leave();
  const own = (body: string, ttlMs = TTL_MS) => ({ body: Buffer.from(body), ttlMs });
  const counts = async () => (await broker.admin.describe("g")).queues![0]!;
  const letters = async () =>
    (await broker.deadLetters("g")).map(({ body, reason, attempts }) => [body, reason, attempts]);
  const everything = (member: TestMember): Promise<void> => member.credit(100_000);

  for (const [name, mode] of MODES)
    it(`${name}: becomes dead letters without a member, once, over a crash too (A9-05, A9-06)`, async () => {
      const queue = await topic({ ttlMs: TTL_MS });
      await beThere(mode);
      await broker.send(queue, "1", "2");
      await broker.pass(TTL_MS - 1);
      await broker.send(queue, "3");
      expect(await letters()).to.deep.equal([]);
      await broker.pass(LOOK_MS);
      const expected = ["1", "2"].map((body) => [body, DEAD_REASON.expired, 0]);
      expect(await letters()).to.deep.equal(expected);
      expect(await counts()).to.include({ lag: 1, ready: 1, offset: 2 });
      broker = await broker.crash();
      await broker.pass(LOOK_MS);
      const member = await join(mode);
      await everything(member);
      expect(member.bodies).to.deep.equal(["3"]);
      expect(await letters()).to.deep.equal(expected);
    });

  for (const [name, filter] of Object.entries({ "by tags": { tags: "b" }, "in SQL": { sql: "tag = 'b'" } }))
    it(`is only what its last members wanted ${name}, also after a restart`, async () => {
      await topic({ ttlMs: TTL_MS });
      await beThere(CONCURRENT, { tags: "a" });
      await beThere(CONCURRENT, filter);
      broker = await broker.restart();
      const tagged = ["a", "b", "c"].map((tag) => ({ body: Buffer.from(tag), tag }));
      await broker.send(broker.topics.get("t").queues[0]!, ...tagged);
      await broker.pass(TTL_MS + LOOK_MS);
      expect(await letters()).to.deep.equal([["b", DEAD_REASON.expired, 0]]);
      await broker.pass(1_000);
      expect(await counts()).to.include({ lag: 0 });
    });

  it("waits for a member where nobody has said what the group wants, or it wants the topic no more", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await broker.topic("other");
    await broker.admin.create({
      group: { name: "h", ordered: false, maxAttempts: 0, assign: 0, paused: false },
    });
    await broker.admin.reset({ name: "h", topic: "t", to: "earliest", dryRun: false } as never);
    await beThere();
    await (await broker.join({ group: "g", topics: ["other"] })).leave();
    await broker.send(queue, "1");
    await broker.pass(TTL_MS + LOOK_MS);
    expect([await letters(), await broker.deadLetters("h")]).to.deep.equal([[], []]);
    const member = await join();
    await everything(member);
    expect(await letters()).to.deep.equal([["1", DEAD_REASON.expired, 0]]);
  });

  it("stays in the queue for a group that broadcasts since", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await beThere();
    await beThere(BROADCAST);
    await broker.send(queue, "1");
    await broker.pass(TTL_MS + LOOK_MS);
    expect(await letters()).to.deep.equal([]);
  });

  it("is dropped where the topic says so, and counted", async () => {
    let expired = 0;
    broker.meter.expired = (_, messages) => {
      expired += messages;
    };
    const queue = await topic({ ttlMs: TTL_MS, expired: 1 });
    await beThere();
    await broker.sendNumbered(queue, 10);
    await broker.pass(TTL_MS + LOOK_MS);
    expect(await counts()).to.include({ lag: 0, offset: 10 });
    expect([expired, await letters()]).to.deep.equal([10, []]);
  });

  it("does not wait for a group that is paused to go on", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await beThere();
    await broker.admin.update({ name: "g", paused: true, dryRun: false });
    await broker.send(queue, "1");
    await broker.pass(TTL_MS + LOOK_MS);
    expect(await letters()).to.deep.equal([["1", DEAD_REASON.expired, 0]]);
    broker = await broker.restart();
    expect(broker.store.state.groups.get("g")).to.deep.include({
      paused: true,
      subscriptions: [{ topic: "t", tags: "*" }],
    });
  });

  it("is found behind messages that do not expire, each in its time", async () => {
    const queue = await topic();
    await beThere();
    await broker.send(queue, "forever", own("late", 3 * TTL_MS), own("early"), "for ever too");
    await broker.pass(TTL_MS + LOOK_MS);
    expect(await letters()).to.deep.equal([["early", DEAD_REASON.expired, 0]]);
    await broker.send(queue, own("new"));
    await broker.pass(TTL_MS + LOOK_MS);
    expect((await letters()).map(([body]) => body)).to.deep.equal(["early", "new"]);
    await broker.pass(TTL_MS + LOOK_MS);
    expect((await letters()).map(([body]) => body)).to.deep.equal(["early", "new", "late"]);
    const member = await join();
    await everything(member);
    expect(member.bodies).to.deep.equal(["forever", "for ever too"]);
  });

  it("is looked for after a restart too, whichever segment had the first message with a time to live of its own", async () => {
    await broker.close();
    broker = await ConsumingBroker.open({ segmentBytes: 64 << 10 });
    const queue = await topic();
    await beThere();
    await broker.send(queue, own("1"));
    for (let count = 0; count < 30; count++) await broker.send(queue, "x".repeat(8 << 10));
    broker = await broker.restart();
    const replays = await broker.store.replays();
    expect(replays.length).to.be.above(1);
    for (const { topics, groups } of replays)
      expect([topics.get("t")?.ownTtl, groups.get("g")?.subscriptions]).to.deep.equal([
        true,
        [{ topic: "t", tags: "*" }],
      ]);
    await broker.pass(TTL_MS + LOOK_MS);
    expect((await letters()).map(([body]) => body)).to.deep.equal(["1"]);
  });

  for (const [name, mode] of MODES)
    it(`${name}: may have failed before, and says how often`, async () => {
      const queue = await topic();
      await broker.send(queue, own("1"), "2");
      const member = await join(mode);
      await everything(member);
      await member.nack(0, { delayMs: 3_600_000 });
      await member.ack(1, 2);
      await member.leave();
      await broker.pass(TTL_MS + LOOK_MS);
      expect(await letters()).to.deep.equal([["1", DEAD_REASON.expired, 1]]);
      await broker.pass(1_000);
      expect(await counts()).to.include({ lag: 0, retrying: 0 });
    });

  it("a backlog of 5,000 goes there each once, over crashes in between", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await beThere();
    await broker.sendNumbered(queue, 5_000);
    await broker.pass(TTL_MS);
    for (let crash = 0; crash < 5; crash++) {
      await broker.clock.advance(10_000 + 10 * crash);
      broker = await broker.crash();
    }
    await broker.pass(2 * LOOK_MS);
    const bodies = (await broker.deadLetters("g")).map(({ body }) => body);
    expect(bodies.length).to.equal(5_000);
    expect(new Set(bodies).size).to.equal(5_000);
    expect(await counts()).to.include({ lag: 0 });
  }).timeout(30_000);

  it("begins anew when the group is reset or the topic's time changes", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await beThere();
    await broker.send(queue, "1");
    await broker.pass(TTL_MS + LOOK_MS);
    await broker.admin.reset({ name: "g", topic: "t", to: "earliest", dryRun: false } as never);
    await broker.pass(LOOK_MS);
    expect((await letters()).map(([body]) => body)).to.deep.equal(["1", "1"]);
    await broker.send(queue, "2");
    await broker.pass(LOOK_MS);
    const request = { name: "t", setAttributes: {}, removeAttributes: [], dryRun: false };
    await broker.topics.update({ ...request, ttlMs: 5_000 });
    await broker.pass(LOOK_MS);
    expect((await letters()).map(([body]) => body)).to.deep.equal(["1", "1", "2"]);
  });

  it("costs no read while nothing can have expired, and none on topics where nothing expires", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    const [plain] = await broker.topic("plain");
    await (await broker.join({ group: "g", topics: ["t", "plain"], from: EARLIEST })).leave();
    await broker.sendNumbered(queue, 100);
    await broker.sendNumbered(plain!, 100);
    await broker.pass(LOOK_MS);
    const read: string[] = [];
    const { store } = broker;
    const before = store.read.bind(store);
    store.read = (from, ...rest) => {
      read.push(from.topic.name);
      return before(from, ...rest);
    };
    await broker.pass(TTL_MS - 2 * LOOK_MS);
    expect(read).to.deep.equal([]);
    await broker.pass(2 * LOOK_MS);
    expect(new Set(read)).to.deep.equal(new Set(["t"]));
    expect(await letters()).to.have.length(100);
  });
});
