import { expect } from "chai";
import type { Redrive } from "../../../proto/gen/logwheel/v1/Redrive.js";
import type { StartRedriveRequest__Output } from "../../../proto/gen/logwheel/v1/StartRedriveRequest.js";
import { DEAD_REASON, withDeadLetter } from "../../../proto/kernel/dead-letter.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { type Logger, silentLogger } from "../../../proto/kernel/logger.js";
import { readRecord } from "../../../proto/kernel/record.js";
import { Redrives } from "../../../server/broker/redrives.js";
import { PERMISSION, TOPIC_TYPE } from "../../../server/broker/topics.js";
import type { Queue } from "../../../server/store/queue.js";
import { ConsumingBroker, quiet } from "../../support/consuming.js";
import { bodies, encodedMessage } from "../../support/store.js";

const [RUNNING, PAUSED, DONE, CANCELLED] = [1, 2, 3, 4] as const;
const ANY = { reason: 0, errorName: "", topic: "", sinceMs: 0, untilMs: 0 } as const;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("redrives", () => {
  let broker: ConsumingBroker;
  let redrives: Redrives;
  let audits: object[];
  let refusal: LogwheelError | undefined;

  beforeEach(async () => {
    audits = [];
    refusal = undefined;
    broker = await ConsumingBroker.open();
    await broker.topic("t", 2);
    await serve();
  });
  afterEach(async () => {
    await redrives.stop();
    await broker.close();
  });

  async function serve(): Promise<void> {
    const { store, clock, groups } = broker;
    const info: Logger["info"] = (about) => void audits.push(about);
    const logger = { ...silentLogger, info };
    redrives = new Redrives({ store, clock, logger, cursors: groups.deps.cursors, refusal: () => refusal });
    await redrives.start();
  }

  async function restart(how: "crash" | "restart"): Promise<void> {
    const old = redrives;
    broker = await broker[how]();
    await old.stop();
    await serve();
  }

  /** Dead letters whose bodies are their numbers, moved a second after each other. */
  async function letters(count: number, more: (number: number) => object = () => ({})): Promise<void> {
    const queue = broker.topics.ensureReserved("%DLQ%g").queues[0]!;
    for (let from = 0; from < count; from += 500) {
      const some = range(Math.min(500, count - from)).map((i) => {
        const number = from + i;
        const message = encodedMessage({ body: Buffer.from(String(number)), tag: "x", keys: [`k${number}`] });
        const letter = {
          reason: DEAD_REASON.attempts,
          attempts: 17,
          group: "g",
          topic: "t",
          queueId: number % 2,
          failedAtMs: 1_000 * number,
          ...more(number),
        };
        const bytes = withDeadLetter(message, letter);
        return { queue, keyed: true, hasTtl: false, tagHash: 1, keyHash: 0, bytes };
      });
      broker.store.appendWithCursors(some, []);
    }
    await broker.store.whenSettled();
  }

  const begin = (request: Partial<StartRedriveRequest__Output> = {}) =>
    broker_(
      redrives.begin({ group: "g", filter: ANY, to: "", perSecond: 0, dryRun: false, ...request }, "me"),
    );
  const change = (state: 1 | 2 | 4) => broker_(redrives.change({ group: "g", state }, "me"));
  const now = (): Redrive => redrives.list("g")[0]!;
  /** Waits for what needs only the disk in memory. */
  async function broker_<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    promise.then(
      () => (over = true),
      () => (over = true),
    );
    while (!over) await quiet();
    return promise;
  }
  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => "none",
      (thrown: LogwheelError) => thrown.code,
    );
  const queues = (): readonly Queue[] => broker.topics.get("t").queues;
  const arrived = async (topic = "t"): Promise<number[]> => {
    const all = await Promise.all(
      broker.topics.get(topic).queues.map((queue) => bodies(broker.store, queue)),
    );
    return all
      .flat()
      .map(Number)
      .sort((a, b) => a - b);
  };

  it("A9-09 10,000 at 100 a second take 100 seconds and arrive once each, over crashes and restarts", async () => {
    await letters(10_000);
    expect(await begin()).to.include({ state: RUNNING, total: 10_000, redriven: 0, perSecond: 100 });
    for (let second = 1; second <= 99; second++) {
      await broker.clock.advance(1_000);
      await quiet();
      if (second % 10 === 5) await restart(second % 20 === 5 ? "crash" : "restart");
      if (second === 50) expect(now().redriven).to.be.within(4_500, 5_000);
    }
    expect(now()).to.include({ state: RUNNING });
    expect(Number(now().redriven)).to.be.within(9_500, 9_999);
    for (let second = 0; second < 15; second++) await broker.clock.advance(1_000);
    await quiet();
    expect(now()).to.include({ state: DONE, redriven: 10_000, note: "" });
    expect(await arrived()).to.deep.equal(range(10_000));
    expect(queues().map((queue) => queue.nextOffset)).to.deep.equal([5_000, 5_000]);
    await restart("crash");
    expect(now()).to.include({ state: DONE, redriven: 10_000 });
  }).timeout(60_000);

  it("keeps the content as it was sent, with its keys, and nothing of the dead letter", async () => {
    await letters(1);
    await begin();
    await broker.pass(1_000);
    const record = (await broker.store.lookup.messageAt(queues()[0]!, 0))!;
    const message = readRecord(record, 0, record.length).message();
    expect(message).to.deep.include({ tag: "x", keys: ["k0"], deadLetter: null });
    expect(message.body.toString()).to.equal("0");
    const member = await broker.join({ group: "g", from: 1 });
    await member.credit(1);
    expect(member.received[0]).to.include({ attempt: 1, body: "0" });
    expect(await broker.store.lookup.findByKey(broker.topics.get("t"), "k0", 5)).to.have.length(1);
  });

  it("counts only with a dry run, filters by reason, error, origin and time, and takes what is left another time", async () => {
    await broker.topic("u");
    await letters(100, (number) => ({
      ...(number % 2 === 0 ? { errorName: "TypeError" } : {}),
      ...(number % 5 === 0 ? { reason: DEAD_REASON.expired } : {}),
      ...(number >= 90 ? { topic: "u" } : {}),
    }));
    const total = async (filter: Partial<StartRedriveRequest__Output["filter"]>) =>
      (await begin({ filter: { ...ANY, ...filter }, dryRun: true })).total;
    expect(await total({ errorName: "TypeError" })).to.equal(50);
    expect(await total({ reason: DEAD_REASON.expired })).to.equal(20);
    expect(await total({ topic: "u" })).to.equal(10);
    expect(await total({ sinceMs: 10_000, untilMs: 20_000 })).to.equal(10);
    expect(redrives.list("")).to.deep.equal([]);
    expect(await arrived()).to.deep.equal([]);
    await begin({ filter: { ...ANY, errorName: "TypeError" }, to: "t" });
    await broker.pass(2_000);
    expect(await arrived()).to.deep.equal(range(50).map((i) => 2 * i));
    expect(now().redrivenRanges).to.have.length(50);
    const rest = await begin({ to: "t" });
    expect(rest.total).to.equal(50);
    await broker.pass(2_000);
    expect(now()).to.include({ state: DONE, total: 50, redriven: 50 });
    expect(await arrived()).to.deep.equal(range(100));
    expect(now().redrivenRanges).to.deep.equal([{ start: 0, end: 100 }]);
    expect((await begin({ dryRun: true })).total).to.equal(0);
  });

  it("refuses a topic that is not there, its own topics, no dead letters and mad rates; nothing is stored", async () => {
    expect(await codeOf(begin())).to.equal("GROUP_NOT_FOUND");
    await letters(3, (number) => ({ topic: number === 2 ? "gone" : "t" }));
    const { logEnd } = broker.store.figures;
    expect(await codeOf(begin({ to: "missing" }))).to.equal("REDRIVE_TOPIC_NOT_FOUND");
    expect(await codeOf(begin())).to.equal("REDRIVE_TOPIC_NOT_FOUND");
    expect(await codeOf(begin({ to: "%DLQ%g" }))).to.equal("BAD_REQUEST");
    for (const perSecond of [-1, 1e9, 0.5, Number.NaN]) {
      const code = await codeOf(begin({ perSecond }));
      expect(code).to.equal(Number.isNaN(perSecond) ? "REDRIVE_TOPIC_NOT_FOUND" : "BAD_REQUEST");
    }
    expect(await codeOf(change(PAUSED))).to.equal("CONFLICT");
    expect(broker.store.figures.logEnd).to.equal(logEnd);
  });

  it("refuses a topic that does not take the letters, and stands still where it takes them no more", async () => {
    await letters(1_000);
    for (const [name, type] of [
      ["ordered", TOPIC_TYPE.ordered],
      ["delay", TOPIC_TYPE.delay],
      ["transaction", TOPIC_TYPE.transaction],
    ] as const) {
      await broker.topics.create({ name, queues: 1, type });
      expect(await codeOf(begin({ to: name })), name).to.equal("MESSAGE_TYPE_MISMATCH");
    }
    const update = { name: "t", setAttributes: {}, removeAttributes: [], dryRun: false };
    await broker.topics.update({ ...update, permission: PERMISSION.read });
    const { logEnd } = broker.store.figures;
    expect(await codeOf(begin())).to.equal("FORBIDDEN");
    expect(broker.store.figures.logEnd).to.equal(logEnd);
    await broker.topics.update({ ...update, permission: PERMISSION.readWrite });
    await begin();
    await broker.pass(1_000);
    await broker.topics.update({ ...update, permission: PERMISSION.none });
    await broker.pass(1_000);
    expect(now().state).to.equal(PAUSED);
    expect(now().note).to.contain("takes no messages");
  });

  it("goes back to a topic of transactions from which the letter came", async () => {
    await broker.topics.create({ name: "payments", queues: 1, type: TOPIC_TYPE.transaction });
    await letters(2, () => ({ topic: "payments" }));
    await begin();
    await broker.pass(1_000);
    expect(now()).to.include({ state: DONE, redriven: 2 });
    expect(await arrived("payments")).to.deep.equal([0, 1]);
  });

  it("pauses, over a restart too, resumes and is cancelled; says who did it", async () => {
    await letters(1_000);
    await begin();
    await broker.pass(2_000);
    expect(await change(PAUSED)).to.include({ state: PAUSED, redriven: 200 });
    await broker.pass(5_000);
    await restart("crash");
    await broker.pass(5_000);
    expect(now()).to.include({ state: PAUSED, redriven: 200 });
    expect(await codeOf(begin())).to.equal("CONFLICT");
    await change(RUNNING);
    await broker.pass(1_000);
    expect(await change(CANCELLED)).to.include({ state: CANCELLED, redriven: 300 });
    await broker.pass(5_000);
    expect(await codeOf(change(RUNNING))).to.equal("CONFLICT");
    expect(await arrived()).to.deep.equal(range(300));
    expect(audits.map((about) => (about as { audit?: string; by?: string }).by)).to.deep.equal([
      "me",
      "me",
      "me",
      "me",
    ]);
  });

  it("waits while the broker takes nothing, stands still when its target goes, and ends when the letters do", async () => {
    await broker.topic("other");
    await letters(1_000);
    await begin({ to: "other" });
    refusal = new LogwheelError("DISK_FULL", "full");
    await broker.pass(5_000);
    expect(now()).to.include({ state: RUNNING, redriven: 0 });
    refusal = undefined;
    await broker.pass(1_000);
    await broker.topics.delete("other", false);
    await broker.pass(1_000);
    expect(now().state).to.equal(PAUSED);
    expect(now().note).to.contain('"other"');
    await broker.topic("other");
    await change(RUNNING);
    await broker.pass(1_000);
    expect(now()).to.include({ state: RUNNING, note: "" });
    await broker.topics.delete("%DLQ%g", false);
    await broker.pass(1_000);
    expect(now()).to.include({ state: CANCELLED, note: "the dead letters were deleted" });
  });

  it("the broker's own groups are nobody else's, and in no list", async () => {
    await letters(1);
    await begin();
    await broker.pass(1_000);
    expect(broker.admin.list().groups).to.deep.equal([]);
    const thief = await broker.join({ group: "%REDRIVE%g" });
    expect(thief.code).to.equal("BAD_REQUEST");
  });
});
