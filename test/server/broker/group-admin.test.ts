import { expect } from "chai";
import type { ResetGroupRequest__Output } from "../../../proto/gen/logwheel/v1/ResetGroupRequest.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import type { Queue } from "../../../server/store/queue.js";
import { HEADER_BYTES, KIND } from "../../../server/store/record.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";
import { encodedMessage, headerOf, text } from "../../support/store.js";

const EARLIEST = 1;

/** Code of the error that a promise is rejected with. */
const codeOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (thrown: unknown) => (LogwheelError.is(thrown) ? thrown.code : String(thrown)),
  );

const settings = { ordered: false, maxAttempts: 0, assign: 0, paused: false } as const;

describe("GroupAdmin", () => {
  let broker: ConsumingBroker;
  let queue: Queue;
  beforeEach(async () => {
    broker = await ConsumingBroker.open();
    [queue] = (await broker.topic("t")) as [Queue];
  });
  afterEach(() => broker.close());

  /** A reset, and the time that it takes. */
  const reset = async (request: Partial<ResetGroupRequest__Output>) => {
    const answer = broker.admin.reset({ name: "g", topic: "t", dryRun: false, ...request });
    const [reply] = await Promise.all([answer, broker.pass(10)]);
    return reply;
  };

  it("makes, changes and deletes groups; a restart keeps that", async () => {
    const made = await broker.admin.create({ group: { name: "g", ...settings, assign: 3 } });
    expect(made.group).to.deep.equal({
      name: "g",
      ...settings,
      maxAttempts: 17,
      assign: 3,
      retryDelaysMs: [],
    });
    expect(await codeOf(broker.admin.create({ group: { name: "g", ...settings } }))).to.equal("GROUP_EXISTS");
    const asked = await broker.admin.update({ name: "g", maxAttempts: 5, dryRun: true });
    expect(asked.group).to.include({ maxAttempts: 5, assign: 3 });
    expect((await broker.admin.describe("g")).group).to.include({ maxAttempts: 17 });
    await broker.admin.update({ name: "g", maxAttempts: 5, ordered: true, dryRun: false });
    broker = await broker.restart();
    expect((await broker.admin.describe("g")).group).to.include({ maxAttempts: 5, ordered: true, assign: 3 });
    expect(await broker.admin.delete({ name: "g", dryRun: true })).to.deep.equal({ topics: [] });
    await broker.admin.delete({ name: "g", dryRun: false });
    broker = await broker.restart();
    expect(await codeOf(broker.admin.describe("g"))).to.equal("GROUP_NOT_FOUND");
  });

  it("refuses names and settings that make no sense", async () => {
    for (const group of [
      { name: "", ...settings },
      { name: "a/b", ...settings },
      { name: "x".repeat(121), ...settings },
      { name: "g", ...settings, maxAttempts: 10_001 },
      { name: "g", ...settings, assign: 9 as 0 },
      { name: "g", ...settings, retryDelaysMs: new Array(65).fill(1) },
      { name: "g", ...settings, retryDelaysMs: [7 * 86_400_000 + 1] },
    ])
      expect(await codeOf(broker.admin.create({ group })), group.name).to.equal("BAD_REQUEST");
    for (const missing of [
      () => broker.admin.update({ name: "none", dryRun: false }),
      () => broker.admin.delete({ name: "none", dryRun: false }),
      () => reset({ name: "none", to: "earliest", earliest: true }),
    ])
      expect(await codeOf(missing())).to.equal("GROUP_NOT_FOUND");
  });

  it("does not delete a group with members; one made again under its name starts empty", async () => {
    await broker.sendNumbered(queue, 3);
    const member = await broker.join({ group: "g", from: EARLIEST });
    await member.credit(10);
    await member.ack(0, 3);
    await broker.pass(10);
    expect(await codeOf(broker.admin.delete({ name: "g", dryRun: false }))).to.equal("CONFLICT");
    await member.leave();
    expect(await broker.admin.delete({ name: "g", dryRun: false })).to.deep.equal({ topics: ["t"] });
    const again = await broker.join({ group: "g", from: EARLIEST });
    await again.credit(10);
    expect(again.bodies).to.deep.equal(["0", "1", "2"]);
  });

  it("does not make a group ordered whose members are not", async () => {
    await broker.join({ group: "g" });
    expect(await codeOf(broker.admin.update({ name: "g", ordered: true, dryRun: false }))).to.equal(
      "CONFLICT",
    );
  });

  it("describes members and progress exactly: every message is in one place", async () => {
    await broker.sendNumbered(queue, 10);
    await broker.pass(1_000);
    const member = await broker.join({ group: "g", from: EARLIEST, host: "here" });
    await member.credit(6);
    await member.ack(0, 2);
    await member.nack(3);
    await broker.pass(100);
    const { group, members, queues } = await broker.admin.describe("g");
    expect(group).to.include({ name: "g", maxAttempts: 17 });
    expect(members).to.have.length(1);
    expect(members![0]).to.deep.include({ id: member.id, host: "here", mode: 0, subscriptions: ["t: *"] });
    expect(queues).to.deep.equal([
      {
        topic: "t",
        queueId: 0,
        offset: 2,
        endOffset: 10,
        lag: 8,
        ready: 4,
        inFlight: 3,
        retrying: 1,
        delayed: 0,
        oldestReadyAtMs: broker.clock.nowMs() - 1_100,
        oldestInFlightAtMs: broker.clock.nowMs() - 1_100,
        oldestRetryingAtMs: broker.clock.nowMs() - 1_100,
        member: member.id,
        oldestStoredAtMs: broker.clock.nowMs() - 1_100,
      },
    ]);
    expect(broker.admin.list().groups).to.deep.equal([{ group, members: 1, topics: ["t"], lag: 8 }]);
    await member.leave();
    expect((await broker.admin.describe("g")).queues![0]).to.include({ member: "", lag: 8, inFlight: 0 });
    await quiet();
  });

  describe("reset", () => {
    it("goes to the earliest, the latest, a time or an offset, for people first as a dry run", async () => {
      await broker.sendNumbered(queue, 4);
      await broker.pass(60_000);
      const timeMs = broker.clock.nowMs();
      await broker.sendNumbered(queue, 4);
      broker.groups.ensure("g", { ordered: false });
      const place = async () => (await broker.admin.describe("g")).queues!.map(({ offset }) => offset);
      const dry = await reset({ to: "latest", latest: true, dryRun: true });
      expect(dry.queues).to.deep.equal([{ queueId: 0, fromOffset: 0, toOffset: 8 }]);
      expect(await place()).to.deep.equal([]);
      await reset({ to: "latest", latest: true });
      expect(await place()).to.deep.equal([8]);
      await reset({ to: "timeMs", timeMs });
      expect(await place()).to.deep.equal([4]);
      await reset({ to: "offset", offset: 2, queueId: 0 });
      expect(await place()).to.deep.equal([2]);
      await reset({ to: "offset", offset: 99 });
      expect(await place()).to.deep.equal([8]);
      await reset({ to: "earliest", earliest: true });
      broker = await broker.restart();
      expect(await place()).to.deep.equal([0]);
    });

    it("takes effect while members are connected: what they acknowledge of before is refused, and they get it anew", async () => {
      await broker.sendNumbered(queue, 6);
      const member = await broker.join({ group: "g", from: EARLIEST });
      await member.credit(100);
      await member.ack(0, 4);
      const before = member.generation(0);
      await reset({ to: "offset", offset: 1 });
      expect(member.generation(0)).to.be.above(before);
      expect(member.assigned.get("t/0")).to.include({ offset: 1 });
      expect(member.bodies.slice(6)).to.deep.equal(["1", "2", "3", "4", "5"]);
      await member.ack(4, 6, { generation: before });
      await broker.pass(10);
      expect(member.acked.at(-1)!.failures.map(({ code }) => code)).to.deep.equal(["NOT_ASSIGNED"]);
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 1, inFlight: 5 });
      await member.ack(1, 6);
      await reset({ to: "latest", latest: true });
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 6, lag: 0 });
    });

    it("takes effect in shared mode too: what is said of deliveries before it counts for nothing", async () => {
      await broker.sendNumbered(queue, 4);
      const a = await broker.join({ group: "g", mode: 2, from: EARLIEST });
      await a.credit(4);
      const generation = a.generation(0);
      await a.ack(0, 1);
      await a.nack(1, { delayMs: 60_000 });
      await reset({ to: "earliest", earliest: true });
      await a.credit(2);
      expect(a.bodies).to.deep.equal(["0", "1", "2", "3", "0", "1"]);
      await a.nack(0, { delayMs: 60_000, generation });
      await a.ack(0, 4, { generation });
      await broker.pass(10);
      expect(a.acked.at(-1)!.failures.map(({ code }) => code)).to.deep.equal(["NOT_ASSIGNED"]);
      expect((await broker.admin.describe("g")).queues![0]).to.include({ lag: 4, inFlight: 2, retrying: 0 });
      await a.ack(0, 2);
      await a.credit(2);
      await a.ack(2, 4);
      await broker.pass(10);
      expect((await broker.admin.describe("g")).queues![0]).to.include({ offset: 4, lag: 0 });
    });

    it("is remembered by a restart, with and without members: what was delivered before it counts for nothing", async () => {
      const shared = { group: "g", mode: 2, from: EARLIEST } as const;
      await broker.sendNumbered(queue, 4);
      let member = await broker.join(shared);
      for (const away of [false, true]) {
        await member.credit(4);
        const generation = member.generation(0);
        if (away) await member.leave();
        await reset({ to: "earliest", earliest: true });
        broker = await broker.restart();
        member = await broker.join(shared);
        await member.ack(0, 4, { generation });
        await broker.pass(10);
        expect(member.acked.at(-1)!.failures.map(({ code }) => code)).to.deep.equal(["NOT_ASSIGNED"]);
        expect((await broker.admin.describe("g")).queues![0]).to.include({ lag: 4 });
      }
    });

    it("refuses a reset without a target, of a queue that is not there, or of a broadcasting group", async () => {
      broker.groups.ensure("g", { ordered: false });
      expect(await codeOf(reset({}))).to.equal("BAD_REQUEST");
      expect(await codeOf(reset({ to: "earliest", earliest: true, queueId: 9 }))).to.equal("BAD_REQUEST");
      expect(await codeOf(reset({ to: "earliest", earliest: true, topic: "none" }))).to.equal(
        "TOPIC_NOT_FOUND",
      );
      await broker.join({ group: "g", mode: 3 });
      expect(await codeOf(reset({ to: "earliest", earliest: true }))).to.equal("CONFLICT");
    });
  });

  it("says what is ready, in flight and retrying, by count and by age, and of none never less than none", async () => {
    const started = broker.clock.nowMs();
    for (let i = 0; i < 6; i++) {
      await broker.sendNumbered(queue, 1);
      await broker.pass(1_000);
    }
    const member = await broker.join({ group: "g", from: EARLIEST });
    await member.credit(4);
    await member.ack(0, 1);
    await member.nack(2, { delayMs: 60_000 });
    const [progress] = (await broker.admin.describe("g")).queues!;
    expect(progress).to.include({ lag: 5, inFlight: 2, retrying: 1, ready: 2, delayed: 0 });
    expect(progress).to.include({
      oldestInFlightAtMs: started + 1_000,
      oldestRetryingAtMs: started + 2_000,
      oldestReadyAtMs: started + 4_000,
    });
    await member.ack(1, 4);
    await member.credit(10);
    await member.ack(4, 6);
    await broker.pass(10);
    const [none] = (await broker.admin.describe("g")).queues!;
    const nothing = { oldestInFlightAtMs: 0, oldestRetryingAtMs: 0, oldestReadyAtMs: 0 };
    expect(none).to.include({ lag: 0, inFlight: 0, retrying: 0, ready: 0, ...nothing });
  });

  it("says nothing of delayed messages where it cannot know them", async () => {
    await broker.join({ group: "g", from: EARLIEST });
    const bytes = encodedMessage(text("later"));
    broker.store.stamp();
    broker.store.reserve(HEADER_BYTES + bytes.length);
    broker.store.due.append(
      { kind: KIND.delayed, dueAtMs: 1e13, queue },
      headerOf(bytes),
      bytes,
      0,
      bytes.length,
    );
    await broker.store.whenSettled();
    expect((await broker.admin.describe("g")).queues![0]).to.not.have.property("delayed");
  });
});
