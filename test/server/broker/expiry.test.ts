import { expect } from "chai";
import { DEAD_REASON } from "../../../proto/kernel/dead-letter.js";
import type { Queue } from "../../../server/store/queue.js";
import { ConsumingBroker, type TestMember } from "../../support/consuming.js";

const EARLIEST = 1;
const [CONCURRENT, ORDERED, SHARED, BROADCAST] = [0, 1, 2, 3] as const;
const TTL_MS = 60_000;

describe("expiry", () => {
  let broker: ConsumingBroker;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
  });
  afterEach(() => broker.close());

  const topic = async (settings: { ttlMs?: number; expired?: 0 | 1 } = {}): Promise<Queue> =>
    (await broker.topics.create({ name: "t", queues: 1, type: 5, ...settings })).queues[0]!;
  const join = (mode: 0 | 1 | 2 | 3 = CONCURRENT, group = "g"): Promise<TestMember> =>
    broker.join({ group, mode, from: EARLIEST, leaseMs: 10_000 });
  const own = (body: string, ttlMs = TTL_MS) => ({ body: Buffer.from(body), ttlMs });
  const counts = async (group = "g") => (await broker.admin.describe(group)).queues![0]!;
  const letters = async (group = "g") =>
    (await broker.deadLetters(group)).map(({ body, reason, attempts }) => [body, reason, attempts]);

  it("a message with 60 s to live is delivered until then, and at 60.1 s no more (A9-03)", async () => {
    const queue = await topic();
    await broker.send(queue, own("1"), own("2"), "forever");
    const early = await join(CONCURRENT, "early");
    await broker.pass(59_999);
    await early.credit(10);
    expect(early.bodies).to.deep.equal(["1", "2", "forever"]);
    const late = await join();
    await broker.pass(101);
    await late.credit(10);
    expect(late.bodies).to.deep.equal(["forever"]);
  });

  it("the same by a setting of the topic, and the shorter one holds (A9-04)", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await broker.send(queue, "1", own("short", 5_000), own("long", 90_000));
    const [a, b, c] = [await join(CONCURRENT, "a"), await join(CONCURRENT, "b"), await join(CONCURRENT, "c")];
    await broker.pass(4_999);
    await a.credit(10);
    expect(a.bodies).to.deep.equal(["1", "short", "long"]);
    await broker.pass(1);
    await b.credit(10);
    expect(b.bodies).to.deep.equal(["1", "long"]);
    await broker.pass(55_000);
    await c.credit(10);
    expect(c.bodies).to.deep.equal([]);
  });

  for (const [name, mode] of Object.entries({ concurrent: CONCURRENT, ordered: ORDERED, shared: SHARED }))
    it(`${name}: an expired message goes to the dead letters of the group, with reason and origin, by itself (A9-05, A9-06)`, async () => {
      const queue = await topic({ ttlMs: TTL_MS });
      const before = await join(mode);
      await before.leave();
      await broker.send(queue, "1", "2");
      await broker.pass(TTL_MS);
      await broker.send(queue, "3");
      const member = await join(mode);
      await member.credit(10);
      expect(member.bodies).to.deep.equal(["3"]);
      const [letter, ...more] = await broker.deadLetters("g");
      expect(letter).to.include({
        reason: DEAD_REASON.expired,
        attempts: 0,
        group: "g",
        topic: "t",
        queueOffset: 0,
        body: "1",
      });
      expect(more.map(({ body }) => body)).to.deep.equal(["2"]);
      expect(await counts()).to.include({ lag: 1, inFlight: 1, retrying: 0 });
      await member.ack(2, 3);
      await broker.pass(10);
      expect(await counts()).to.include({ lag: 0 });
      broker = await broker.crash();
      expect(await letters()).to.have.length(2);
    });

  for (const [name, mode] of Object.entries({ concurrent: CONCURRENT, ordered: ORDERED, shared: SHARED }))
    it(`${name}: of a backlog of 5,000 a few at a time, since each write of the cursor has all that wait`, async () => {
      const queue = await topic({ ttlMs: TTL_MS });
      for (let batch = 0; batch < 5; batch++) await broker.sendNumbered(queue, 1_000);
      await broker.pass(TTL_MS);
      await broker.send(queue, "alive");
      const held: number[] = [];
      const { store } = broker;
      const append = store.appendWithCursors.bind(store);
      store.appendWithCursors = (messages, changes) => {
        held.push(...changes.map(({ state }) => state.retries.length));
        append(messages, changes);
      };
      const member = await join(mode);
      await member.credit(10);
      await broker.pass(1_000);
      expect(member.bodies).to.deep.equal(["alive"]);
      expect(await broker.deadLetters("g")).to.have.length(5_000);
      expect(Math.max(...held)).to.be.below(600);
      expect(held.length).to.be.below(100);
    });

  it("is dropped where the topic says so, for members that broadcast, and always counted (A9-07)", async () => {
    const expired: [string, number][] = [];
    broker.meter.expired = (name, messages) => void expired.push([name, messages]);
    const queue = await topic({ ttlMs: TTL_MS, expired: 1 });
    await broker.sendNumbered(queue, 10);
    await broker.pass(TTL_MS);
    const member = await join();
    await member.credit(3);
    await broker.pass(10);
    expect(await counts()).to.include({ lag: 0, offset: 10 });
    const broadcast = await join(BROADCAST, "b");
    await broadcast.credit(100);
    await broker.send(queue, "new");
    expect([member.bodies, broadcast.bodies]).to.deep.equal([["new"], ["new"]]);
    expect(await letters()).to.deep.equal([]);
    expect(expired.reduce((sum, [, messages]) => sum + messages, 0)).to.equal(20);
    expect(new Set(expired.map(([name]) => name))).to.deep.equal(new Set(["t"]));
  });

  for (const [name, mode] of Object.entries({ concurrent: CONCURRENT, ordered: ORDERED, shared: SHARED }))
    it(`${name}: a message that expires while it waits for another attempt does not get it, and says how many it had`, async () => {
      const queue = await topic();
      await broker.send(queue, own("1"), "2");
      const member = await join(mode);
      await member.credit(10);
      const failed = { errorName: "E", errorMessage: "why" };
      await member.nack(0, { delayMs: 9_000, ...failed });
      await broker.pass(9_000);
      const deliveries = () =>
        member.batches.flatMap(({ records }) => [...records].map((record) => record.queueOffset));
      const before = deliveries();
      expect(before.filter((offset) => offset === 0)).to.have.length(2);
      await member.nack(0, { attempt: 2, delayMs: TTL_MS, ...failed });
      await broker.pass(TTL_MS);
      expect(await letters()).to.deep.equal([["1", DEAD_REASON.expired, 2]]);
      expect((await broker.deadLetters("g"))[0]).to.include(failed);
      expect(deliveries().filter((offset) => offset === 0)).to.have.length(2);
      expect(await counts()).to.include({ lag: 1, retrying: 0 });
    });

  it("keeps order, and leaves alone what is in a handler", async () => {
    const queue = await topic();
    await broker.send(queue, own("1"), "2", own("3"), "4");
    const member = await join(ORDERED);
    await member.credit(1);
    await broker.pass(TTL_MS);
    await member.ack(0, 1);
    await member.credit(10);
    expect(member.bodies).to.deep.equal(["1", "2", "4"]);
    await member.ack(1, 2);
    await member.ack(3, 4);
    await broker.pass(10);
    expect(await counts()).to.include({ lag: 0 });
    expect(await letters()).to.deep.equal([["3", DEAD_REASON.expired, 0]]);
  });

  it("only what a filter wants is a dead letter", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await broker.send(queue, { body: Buffer.from("a"), tag: "a" }, { body: Buffer.from("b"), tag: "b" });
    await broker.pass(TTL_MS);
    const subscriptions = [{ topic: "t", tags: "b" }];
    const member = await broker.join({ group: "g", from: EARLIEST, subscriptions });
    await member.credit(10);
    expect(await letters()).to.deep.equal([["b", DEAD_REASON.expired, 0]]);
    await broker.pass(1_000);
    expect(await counts()).to.include({ lag: 0 });
  });

  it("a backlog of 5,000 goes there each once, over crashes in between", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await broker.sendNumbered(queue, 5_000);
    await broker.pass(TTL_MS);
    let member = await join();
    member.write({ credit: { messages: 10, bytes: 1 << 20 } });
    for (let crash = 0; crash < 5; crash++) {
      for (let turn = 0; turn < 3 + crash; turn++) await broker.clock.advance(0);
      broker = await broker.crash();
      member = await join();
      member.write({ credit: { messages: 10, bytes: 1 << 20 } });
    }
    for (let round = 0; round < 200 && Number((await counts()).lag) > 0; round++) await broker.pass(10);
    const bodies = (await broker.deadLetters("g")).map(({ body }) => body);
    expect(bodies.length).to.equal(5_000);
    expect(new Set(bodies).size).to.equal(5_000);
    expect(member.received).to.deep.equal([]);
  }).timeout(30_000);

  it("who reads without a group sees expired messages too", async () => {
    const queue = await topic({ ttlMs: TTL_MS });
    await broker.send(queue, "1");
    await broker.pass(TTL_MS);
    expect(broker.store.endOffset(queue)).to.equal(1);
    expect(await broker.store.lookup.messageAt(queue, 0)).to.not.equal(undefined);
  });

  it("topics keep their settings over restarts and new segments, and refuse what makes no sense", async () => {
    await topic({ ttlMs: TTL_MS, expired: 1 });
    const request = { name: "t", setAttributes: {}, removeAttributes: [], dryRun: false };
    await broker.topics.update({ ...request, retentionMs: 7 });
    broker = await broker.restart();
    expect(broker.topics.get("t")).to.include({ ttlMs: TTL_MS, expired: 1, retentionMs: 7 });
    expect((await broker.store.replays()).map((state) => state.topics.get("t")?.ttlMs)).to.deep.equal([
      TTL_MS,
    ]);
    await broker.topics.update({ ...request, ttlMs: 0, expired: 0 });
    for (const bad of [{ ttlMs: -1 }, { ttlMs: 1e15 }, { expired: 2 as 0 }]) {
      const code = await broker.topics.update({ ...request, ...bad }).catch((thrown) => thrown.code);
      expect(code).to.equal("BAD_REQUEST");
    }
    broker = await broker.restart();
    expect(broker.topics.get("t").ttlMs ?? 0).to.equal(0);
  });
});
