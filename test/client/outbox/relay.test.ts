import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { Claims } from "../../../client/outbox/claims.js";
import { createOutbox, type Database } from "../../../client/outbox/index.js";
import { TableOutbox } from "../../../client/outbox/outbox.js";
import { OutboxRelay, type RelayDeps } from "../../../client/outbox/relay.js";
import { topic } from "../../../client/sdk/topic.js";
import { TestClock } from "../../../client/testing/test-clock.js";
import { ERRORS, type ErrorCode, LogwheelError } from "../../../proto/kernel/errors.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { RecordingSender } from "../../support/recording-sender.js";
import { codeOf } from "../../support/refusal.js";
import { anySqlite } from "../../support/sqlite-database.js";
import { emptyTables, type Life, type TestDatabase } from "../../support/test-database.js";

const orders = topic("orders");
const outbox = createOutbox();

describe("outbox relay", () => {
  let test: TestDatabase;
  let life: Life;
  let database: Database;
  let clock: TestClock;
  let sender: RecordingSender;
  let warnings: object[];

  before(async function () {
    test = await anySqlite(this);
  });
  after(() => test?.stop());
  beforeEach(async () => {
    life = await test.connect();
    database = life.database;
    await emptyTables(database);
    clock = new TestClock();
    sender = new RecordingSender();
    warnings = [];
  });
  afterEach(() => life.close());

  const relayOf = (deps: Partial<RelayDeps> = {}, from: Database = database) =>
    new OutboxRelay({
      producer: sender,
      claims: new Claims(from, { table: "logwheel_outbox", batch: 2, leaseMs: 60_000, name: "relay-1" }),
      clock,
      random: () => 1,
      logger: { ...silentLogger, warn: (fields) => warnings.push(fields) },
      pollMs: 1_000,
      batch: 2,
      leaseMs: 60_000,
      sendTimeoutMs: 15_000,
      retryMaxMs: 60_000,
      attemptsMax: Number.POSITIVE_INFINITY,
      ...deps,
    });

  const add = (...texts: string[]) =>
    Promise.all(texts.map((text) => outbox.add(database, { topic: orders, body: Buffer.from(text) })));

  /** The clock stands; what is under way without it comes to its end. */
  async function quiet(): Promise<void> {
    for (let turn = 0; turn < 50; turn++) await clock.advance(0);
  }

  it("empties the outbox batch by batch, then looks again after its pause", async () => {
    const relay = relayOf();
    await add("1", "2", "3", "4", "5");
    relay.start();
    await quiet();
    expect(sender.texts).to.deep.equal(["1", "2", "3", "4", "5"]);
    await add("6");
    await clock.advance(999);
    await quiet();
    expect(sender.texts).to.have.length(5);
    await clock.advance(1);
    await quiet();
    expect(sender.texts).to.have.length(6);
    expect(relay.stats).to.deep.equal({ sent: 6, failed: 0, parked: 0 });
    await relay.stop();
    expect(clock.waiting, "timers left behind").to.equal(0);
  });

  it("sends a delay that has counted since the message was added, a level as it is, and what is over for at once", async () => {
    const early = new TableOutbox({ table: "logwheel_outbox", clock, random: () => 0, newId: randomUUID });
    const addedMs = clock.nowMs();
    const deliverAt = new Date(addedMs + 5);
    const body = Buffer.from("x");
    await early.add(database, { topic: orders, body, delayMs: 60_000.5 });
    await early.add(database, { topic: orders, body, delayMs: 0 });
    await early.add(database, { topic: orders, body, deliverAt });
    await early.add(database, { topic: orders, body, delayLevel: 3 });
    await clock.advance(90_000);
    const relay = relayOf();
    for (let pass = 0; pass < 2; pass++) await relay.pass();
    const due = sender.sent.map((sent) => [sent.delayMs, sent.deliverAt?.getTime(), sent.delayLevel]);
    expect(due).to.deep.equal([
      [undefined, addedMs + 60_001, undefined],
      [undefined, undefined, undefined],
      [undefined, addedMs + 5, undefined],
      [undefined, undefined, 3],
    ]);
    for (const delayMs of [-1, Number.NaN, Number.MAX_SAFE_INTEGER])
      expect(await codeOf(early.add(database, { topic: orders, body, delayMs }))).to.equal("BAD_REQUEST");
    expect((await early.counts(database)).waiting).to.equal(0);
  });

  it("is woken before its pause is over, also by a call that comes while it works", async () => {
    const relay = relayOf();
    relay.start();
    await quiet();
    await add("1");
    relay.wake();
    await quiet();
    expect(sender.texts).to.deep.equal(["1"]);
    let added = false;
    sender.refuse = () => {
      if (!added) add("3").then(() => relay.wake());
      added = true;
      return undefined;
    };
    await add("2");
    relay.wake();
    await quiet();
    expect(sender.texts).to.deep.equal(["1", "2", "3"]);
    await relay.stop();
  });

  it("waits longer the more often nothing worked, and tells nobody's process to end", async () => {
    const broken: Database = { ...database, alone: () => Promise.reject(new Error("no database")) };
    const relay = relayOf({}, broken);
    relay.start();
    await quiet();
    expect(warnings).to.deep.equal([{ error: "no database", failures: 1 }]);
    await clock.advance(1_199);
    await quiet();
    expect(warnings).to.have.length(1);
    await clock.advance(1);
    await quiet();
    expect(warnings).to.have.length(2);
    await clock.advance(1_400);
    await quiet();
    expect(warnings).to.have.length(3);
    await relay.stop();
  });

  it("stops after what is under way, gives back what it has not begun, and can be started again", async () => {
    let goOn = (): void => {};
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    const slow = {
      send: (message: Parameters<typeof sender.send>[0]) => held.then(() => sender.send(message)),
    };
    const relay = relayOf({ producer: slow });
    for (const text of ["1", "2"])
      await outbox.add(database, { topic: orders, body: Buffer.from(text), orderingKey: "k" });
    relay.start();
    await quiet();
    const stopped = relay.stop();
    goOn();
    await stopped;
    expect(sender.texts).to.deep.equal(["1"]);
    const { rows } = await database.query("SELECT claimed_by, free_at, attempts FROM logwheel_outbox");
    expect(rows.map((row) => ({ ...row }))).to.deep.equal([{ claimed_by: null, free_at: 0, attempts: 0 }]);
    relay.start();
    relay.start();
    await quiet();
    expect(sender.texts).to.deep.equal(["1", "2"]);
    await relay.stop();
    await relay.stop();
  });

  it("sends nothing more when its claim could run out before the answer", async () => {
    for (const text of ["1", "2"])
      await outbox.add(database, { topic: orders, body: Buffer.from(text), orderingKey: "k" });
    sender.refuse = () => {
      clock.stall(45_001);
      return undefined;
    };
    await relayOf().pass();
    expect(sender.texts).to.deep.equal(["1"]);
    expect((await outbox.counts(database)).waiting).to.equal(1);
  });

  it("parks what the message is to blame for, and goes on with what will pass", async () => {
    const parked: string[] = [];
    for (const code of Object.keys(ERRORS) as ErrorCode[]) {
      await emptyTables(database);
      await add("1");
      sender.refuse = () => new LogwheelError(code, "no");
      if ((await relayOf().pass()).parked === 1) parked.push(code);
    }
    expect(parked).to.deep.equal([
      "BAD_REQUEST",
      "FILTER_INVALID",
      "MESSAGE_TOO_LARGE",
      "DELAY_LEVEL_UNKNOWN",
      "DELAY_TOO_LONG",
      "MESSAGE_TYPE_MISMATCH",
      "CODEC",
    ]);
  });

  it("writes failures that are alike in one statement, and parks a row that was damaged", async () => {
    await add("1", "2");
    sender.refuse = () => new LogwheelError("BROKER_UNAVAILABLE", "away");
    let updates = 0;
    const counting: Database = {
      ...database,
      alone: (sql, params) => {
        if (sql.includes("last_error")) updates++;
        return database.alone(sql, params);
      },
    };
    expect(await relayOf({}, counting).pass()).to.deep.equal({ sent: 0, failed: 2, parked: 0 });
    expect(updates).to.equal(1);
    await database.query("UPDATE logwheel_outbox SET free_at = 0, attributes = 'x'");
    expect(await relayOf().pass()).to.deep.equal({ sent: 0, failed: 0, parked: 2 });
    expect((await outbox.parked(database)).map(({ attempts }) => attempts)).to.deep.equal([2, 2]);
    expect(warnings).to.have.length(2);
  });

  it("refuses settings that contradict each other", () => {
    const make = (options: object) => () => outbox.relay({ producer: sender, database, ...options });
    expect(make({ leaseMs: 10_000, sendTimeoutMs: 6_000 })).to.throw(/half of leaseMs/);
    expect(make({ batch: 1_001 })).to.throw(/1000/);
    expect(make({ pollMs: 0 })).to.throw(/pollMs/);
  });
});
