import { expect } from "chai";
import { DEAD_REASON } from "../../../proto/kernel/dead-letter.js";
import { RECORD } from "../../../proto/kernel/record.js";
import { RETRY_DELAYS_MS } from "../../../server/broker/retry-ladder.js";
import type { Queue } from "../../../server/store/queue.js";
import { ConsumingBroker, quiet, type TestMember } from "../../support/consuming.js";

const EARLIEST = 1;
const [CONCURRENT, ORDERED, SHARED] = [0, 1, 2] as const;
const WHY = { errorName: "TypeError", errorMessage: "no such thing", stack: "at handler" };

describe("dead letters", () => {
  let broker: ConsumingBroker;
  let queue: Queue;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
    await refresh();
  });
  afterEach(() => broker.close());

  const refresh = async (): Promise<void> => {
    [queue] = (await broker.topic("t")) as [Queue];
  };
  const join = (mode = CONCURRENT as 0 | 1 | 2): Promise<TestMember> =>
    broker.join({ group: "g", mode, from: EARLIEST, leaseMs: 5_000 });
  const limit = (maxAttempts: number, retryDelaysMs: number[] = []) =>
    broker.admin.create({
      group: { name: "g", ordered: false, maxAttempts, assign: 0, paused: false, retryDelaysMs },
    });
  const counts = async () => (await broker.admin.describe("g")).queues![0]!;

  it("delivers 17 times with RocketMQ's waits, says why it failed, then moves the message with its origin (A9-09)", async () => {
    const member = await join();
    await member.credit(100);
    await broker.send(queue, { body: Buffer.from("order 7"), tag: "web", keys: ["7"], bornAtMs: 5 });
    const storedAtMs = broker.clock.nowMs();
    for (const [index, delayMs] of RETRY_DELAYS_MS.entries()) {
      await member.nack(0, { ...WHY, attempt: index + 1 });
      await broker.pass(delayMs - 1);
      expect(member.received, `${delayMs} ms after ${index + 1}`).to.have.length(index + 1);
      expect(await counts()).to.include({ lag: 1, retrying: 1, ready: 0, inFlight: 0 });
      await broker.pass(1);
      expect(member.received.at(-1)).to.include({ attempt: index + 2, body: "order 7" });
      expect(member.received.at(-1)!.lastError).to.deep.equal({
        name: "TypeError",
        message: "no such thing",
      });
    }
    await member.nack(0, { ...WHY, attempt: 17 });
    const [letter, ...more] = await broker.deadLetters("g");
    expect(more).to.deep.equal([]);
    const original = (await broker.store.lookup.messageAt(queue, 0))!;
    expect(letter).to.deep.include({
      ...WHY,
      reason: DEAD_REASON.attempts,
      attempts: 17,
      group: "g",
      topic: "t",
      queueId: 0,
      queueOffset: 0,
      storedAtMs,
      failedAtMs: broker.clock.nowMs(),
      body: "order 7",
    });
    expect(letter!.messageId).to.match(/^broker-0-1-\d+$/);
    const content = original.subarray(RECORD.CONTENT);
    expect(letter!.bytes.subarray(RECORD.CONTENT, RECORD.CONTENT + content.length)).to.deep.equal(content);
    expect(await counts()).to.include({ lag: 0, retrying: 0, offset: 1 });
    await broker.pass(8_000_000);
    expect(member.received).to.have.length(17);
  });

  it("keeps the topic of dead letters for itself: clients read it and cannot write, change or make it", async () => {
    await limit(1);
    const member = await join();
    await member.credit(100);
    await broker.sendNumbered(queue, 1);
    await member.nack(0);
    await broker.deadLetters("g");
    const topic = broker.topics.get("%DLQ%g");
    expect(topic).to.include({ permission: 1, type: 5 });
    expect(topic.queues).to.have.length(1);
    const request = { name: "%DLQ%g", setAttributes: {}, removeAttributes: [], dryRun: false };
    const changed = broker.topics.update({ ...request, permission: 0 }).catch((thrown) => thrown.code);
    expect(await changed).to.equal("FORBIDDEN");
    expect(await broker.topics.update({ ...request, retentionMs: 5 })).to.include({ retentionMs: 5 });
    const reader = await broker.join({ group: "other", topics: ["%DLQ%g"], from: EARLIEST });
    await reader.credit(10);
    expect(reader.bodies).to.deep.equal(["0"]);
  });

  it("goes by the group's own waits and number of deliveries, and by what a member asks for", async () => {
    await limit(3, [100, 2_000]);
    const member = await join();
    await member.credit(100);
    await broker.sendNumbered(queue, 2);
    await member.nack(0);
    await member.nack(1, { delayMs: 7_200_000 });
    await broker.pass(100);
    await member.nack(0, { attempt: 2 });
    await broker.pass(1_999);
    expect(member.received).to.have.length(3);
    await broker.pass(1);
    await member.nack(0, { attempt: 3 });
    expect((await broker.deadLetters("g")).map(({ body, attempts }) => [body, attempts])).to.deep.equal([
      ["0", 3],
    ]);
    await broker.pass(7_200_000 - 2_101);
    expect(member.received).to.have.length(4);
    await broker.pass(1);
    expect(member.received.at(-1)).to.include({ offset: 1, attempt: 2 });
  });

  it("moves at once what a member rejects, and cuts what it says of that", async () => {
    const member = await join();
    await member.credit(100);
    await broker.sendNumbered(queue, 2);
    const long = { errorName: "N".repeat(300), errorMessage: "ü".repeat(600), stack: "s".repeat(5_000) };
    await member.nack(1, { ...long, reject: true });
    const [letter] = await broker.deadLetters("g");
    expect(letter).to.include({ reason: DEAD_REASON.rejected, attempts: 1, body: "1" });
    expect([letter!.errorName, letter!.errorMessage, letter!.stack]).to.deep.equal([
      "N".repeat(255),
      "ü".repeat(512),
      "s".repeat(4_096),
    ]);
    expect(await counts()).to.include({ lag: 1, offset: 0, inFlight: 1 });
  });

  it("in order, goes on behind a message that was moved, and delivers what follows once (A5-04)", async () => {
    await limit(2, [100]);
    const member = await join(ORDERED);
    await member.credit(100);
    await broker.sendNumbered(queue, 4);
    await member.ack(0, 1);
    await member.nack(1, { attempt: 1 });
    await broker.pass(100);
    await member.nack(1, { attempt: 2 });
    await broker.pass(10);
    const last = member.received.filter(({ generation }) => generation === member.generation(0));
    expect(last.map(({ offset, attempt }) => [offset, attempt])).to.deep.equal([
      [2, 1],
      [3, 1],
    ]);
    expect((await broker.deadLetters("g")).map(({ body }) => body)).to.deep.equal(["1"]);
    await member.ack(2, 4);
    await broker.pass(10);
    expect(await counts()).to.include({ lag: 0 });
  });

  it("counts leases that ran out as deliveries", async () => {
    await limit(2);
    const member = await join(SHARED);
    await member.credit(100);
    await broker.sendNumbered(queue, 1);
    await broker.pass(5_000);
    expect(member.received.map(({ attempt }) => attempt)).to.deep.equal([1, 2]);
    await broker.pass(5_000);
    expect((await broker.deadLetters("g")).map(({ attempts }) => attempts)).to.deep.equal([2]);
    expect(member.received).to.have.length(2);
  });

  it("a restart loses neither attempts nor schedule", async () => {
    let member = await join();
    await member.credit(100);
    await broker.sendNumbered(queue, 1);
    for (let attempt = 1; attempt <= 16; attempt++) {
      const delayMs = RETRY_DELAYS_MS[attempt - 1]!;
      await member.nack(0, { attempt });
      await broker.pass(1_000);
      broker = attempt % 2 === 0 ? await broker.restart() : await broker.crash();
      member = await join();
      await member.credit(100);
      await broker.pass(delayMs - 1_001);
      expect(member.received, `before ${attempt + 1}`).to.deep.equal([]);
      await broker.pass(1);
      expect(member.received.map((got) => got.attempt)).to.deep.equal([attempt + 1]);
    }
    await member.nack(0, { attempt: 17 });
    await quiet();
    expect(await broker.deadLetters("g")).to.have.length(1);
    broker = await broker.crash();
    expect(await broker.deadLetters("g")).to.have.length(1);
  });

  it("moves after a start what had its last attempt before, and takes a lower limit for what waits", async () => {
    const member = await join();
    await member.credit(100);
    await broker.sendNumbered(queue, 1);
    await member.nack(0, { delayMs: 1_000 });
    await broker.admin.update({ name: "g", maxAttempts: 1, dryRun: false });
    broker = await broker.restart();
    const back = await join();
    await back.credit(100);
    await broker.pass(5_000);
    expect(back.received).to.deep.equal([]);
    expect((await broker.deadLetters("g")).map(({ attempts }) => attempts)).to.deep.equal([1]);
    expect(await counts()).to.include({ lag: 0 });
  });

  it("moves many in few groups of records, each once, while others go on", async () => {
    await limit(1);
    const member = await join();
    await member.credit(10_000);
    await broker.sendNumbered(queue, 1_000);
    for (let offset = 0; offset < 1_000; offset += 2) member.write({ nack: nackOf(member, offset) });
    await broker.pass(10);
    const letters = await broker.deadLetters("g");
    expect(letters.map(({ queueOffset }) => queueOffset)).to.deep.equal(
      Array.from({ length: 500 }, (_, i) => 2 * i),
    );
    expect(await counts()).to.include({ lag: 500, inFlight: 500, retrying: 0 });
  });

  it("a reset while a message is on its way there keeps it where it is", async () => {
    await limit(1);
    const member = await join();
    await member.credit(100);
    await broker.sendNumbered(queue, 1);
    member.write({ nack: nackOf(member, 0) });
    const done = broker.admin.reset({
      name: "g",
      topic: "t",
      to: "earliest",
      earliest: true,
      dryRun: false,
    });
    await Promise.all([done, broker.pass(10)]);
    await broker.pass(10);
    const dead = (await broker.deadLetters("g")).length;
    expect((await counts()).lag).to.equal(1);
    expect(dead).to.be.at.most(1);
  });

  const nackOf = (member: TestMember, offset: number) => ({
    topic: "t",
    queueId: 0,
    generation: member.generation(0),
    offset,
    attempt: 1,
  });
});
