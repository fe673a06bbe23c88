import { expect } from "chai";
import { createOutbox, type Database, OUTBOX_ID, type RelayOptions } from "../../client/outbox/index.js";
import { topic } from "../../client/sdk/topic.js";
import type { OutMessage } from "../../client/sdk/types.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { RecordingSender } from "../support/recording-sender.js";
import { column, emptyTables, type TestDatabase, within } from "../support/test-database.js";

const orders = topic("orders");
const outbox = createOutbox();

/** A message whose body is a text. */
export function textMessage(text: string, orderingKey?: string): OutMessage<Uint8Array> {
  return { topic: orders, body: Buffer.from(text), orderingKey };
}

/** Adds messages, each in a transaction of its own. */
async function addAll(database: Database, messages: readonly OutMessage<Uint8Array>[]): Promise<void> {
  for (const message of messages) await database.transaction((tx) => outbox.add(tx, message));
}

/** What is claimed or waits for another attempt is free again: as if the time had passed. */
async function letTimePass(database: Database): Promise<void> {
  await database.query("UPDATE logwheel_outbox SET free_at = 0");
}

/** What every database does for an outbox. */
export function describeOutbox(
  name: string,
  open: (context: Mocha.Context) => Promise<TestDatabase>,
  concurrency: "many transactions at once" | "one transaction at a time" = "many transactions at once",
): void {
  describe(`outbox in ${name}`, function () {
    this.timeout(60_000);
    const concurrently = (title: string, run: () => Promise<void>): void => {
      if (concurrency === "many transactions at once") it(title, run);
    };
    let test: TestDatabase;
    let sender: RecordingSender;
    before(async function () {
      test = await open(this);
    });
    after(() => test?.stop());
    beforeEach(async () => {
      await within(test, emptyTables);
      sender = new RecordingSender();
    });

    const pass = (database: Database, options: Partial<RelayOptions> = {}) =>
      outbox.relay({ producer: sender, database, logger: false, ...options }).pass();

    it("A3-12 sends what was committed, deletes what was acknowledged, and never sees what was rolled back", () =>
      within(test, async (database) => {
        const failing = database.transaction(async (tx) => {
          await tx.query("INSERT INTO effects (name) VALUES (?)", ["rolled back"]);
          await outbox.add(tx, textMessage("rolled back"));
          throw new Error("no");
        });
        expect(await failing.catch((error: Error) => error.message)).to.equal("no");
        await database.transaction(async (tx) => {
          await tx.query("INSERT INTO effects (name) VALUES (?)", ["committed"]);
          await outbox.add(tx, textMessage("committed"));
        });
        expect(await outbox.counts(database)).to.deep.include({ waiting: 1, parked: 0 });
        expect(await pass(database)).to.deep.equal({ sent: 1, failed: 0, parked: 0 });
        expect(sender.texts).to.deep.equal(["committed"]);
        expect(await column(database, "effects", "name")).to.deep.equal(["committed"]);
        expect(await outbox.counts(database)).to.deep.equal({ waiting: 0, parked: 0, oldestAddedAt: null });
        expect((await pass(database)).sent).to.equal(0);
      }));

    it("carries a message whole, with an id of its own", () =>
      within(test, async (database) => {
        const body = Buffer.from([0, 255, 39, 92, 63]);
        const at = new Date(1_900_000_000_123);
        const message = {
          topic: orders,
          body,
          tag: "täg 'x'",
          keys: ["a?", "b"],
          orderingKey: "k ",
          queueId: 3,
          at,
        };
        const id = await outbox.add(database, { ...message, properties: { source: "\\shop" } });
        await pass(database);
        const [sent] = sender.sent;
        expect(sent?.topic.name).to.equal("orders");
        expect(Buffer.from(sent!.body)).to.deep.equal(body);
        expect(sent).to.deep.include({
          tag: "täg 'x'",
          keys: ["a?", "b"],
          orderingKey: "k ",
          queueId: 3,
          at,
        });
        expect(sent?.properties).to.deep.equal({ source: "\\shop", [OUTBOX_ID]: id });
      }));

    it("A8-02 takes an id once: adding it again fails, and its transaction with it", () =>
      within(test, async (database) => {
        const add = (text: string) =>
          database.transaction(async (tx) => {
            await tx.query("INSERT INTO effects (name) VALUES (?)", [text]);
            await outbox.add(tx, textMessage(text), { id: "order-7 paid" });
          });
        await add("first");
        expect(await add("second").catch((error: unknown) => error)).to.be.instanceOf(Error);
        expect(await column(database, "effects", "name")).to.deep.equal(["first"]);
      }));

    it("refuses in the transaction what no broker would take", () =>
      within(test, async (database) => {
        const codeOf = (message: OutMessage<Uint8Array>, id?: string) =>
          outbox
            .add(database, message, id === undefined ? {} : { id })
            .catch((error: LogwheelError) => error.code);
        expect(await codeOf(textMessage(""))).to.equal("BAD_REQUEST");
        expect(await codeOf(textMessage("x", "k".repeat(64)))).to.equal("MESSAGE_TOO_LARGE");
        expect(await codeOf({ topic: orders, body: "text" as never })).to.equal("CODEC");
        expect(await codeOf(textMessage("x"), "")).to.equal("BAD_REQUEST");
        expect(await codeOf(textMessage("x"), "i".repeat(256))).to.equal("BAD_REQUEST");
        expect((await outbox.counts(database)).waiting).to.equal(0);
      }));

    it("sends each message once though several relays work at once", async () => {
      const texts = Array.from({ length: 120 }, (_, i) => `m${i}`);
      await within(test, (database) =>
        addAll(
          database,
          texts.map((text) => textMessage(text)),
        ),
      );
      await together(test, 4, async (database) => {
        const relay = outbox.relay({ producer: sender, database, batch: 7, logger: false });
        for (let turn = 0; turn < 1_000 && (await outbox.counts(database)).waiting > 0; turn++)
          await relay.pass();
      });
      expect(sender.texts.toSorted()).to.deep.equal(texts.toSorted());
    });

    concurrently("neither waits for transactions that add nor has them wait", async () => {
      const [adding, relaying] = await Promise.all([test.connect(), test.connect()]);
      await addAll(adding.database, [textMessage("committed")]);
      if (test.dialect === "mysql") await adding.database.query("SET SESSION innodb_lock_wait_timeout = 1");
      // Between the statements of a claim, where it takes more than one.
      const busy: Database = {
        ...relaying.database,
        transaction: (run, options) =>
          relaying.database.transaction(async (tx) => {
            const result = await run(tx);
            await addAll(adding.database, [textMessage("meanwhile")]);
            return result;
          }, options),
      };
      await adding.database.transaction(async (tx) => {
        await outbox.add(tx, textMessage("open"));
        await pass(relaying.database);
      });
      expect(sender.texts).to.deep.equal(["committed"]);
      await pass(busy);
      expect(sender.texts).to.deep.equal(["committed", "open"]);
      await Promise.all([adding.close(), relaying.close()]);
    });

    it("keeps the order of each key though several relays work at once and sends fail", async () => {
      const keys = ["a", "b", "c"];
      const texts = Array.from({ length: 90 }, (_, i) => ({ key: keys[i % 3]!, text: `${i}` }));
      await within(test, (database) =>
        addAll(
          database,
          texts.map(({ key, text }) => textMessage(text, key)),
        ),
      );
      let turn = 0;
      sender.refuse = () => (++turn % 7 === 0 ? new LogwheelError("BROKER_UNAVAILABLE", "away") : undefined);
      await together(test, 3, async (database) => {
        const relay = outbox.relay({ producer: sender, database, batch: 5, logger: false });
        for (let i = 0; i < 1_000 && (await outbox.counts(database)).waiting > 0; i++) {
          await relay.pass();
          // Only what waits for another attempt: claims stay claims. Two of these may lock rows in different orders: one of
          // them is refused then, and comes round again.
          await database
            .query("UPDATE logwheel_outbox SET free_at = 0 WHERE claimed_by IS NULL")
            .catch(() => {});
        }
      });
      for (const key of keys) {
        const sent = sender.sent
          .filter((message) => message.orderingKey === key)
          .map(({ body }) => `${body}`);
        expect(sent).to.deep.equal(texts.filter((added) => added.key === key).map(({ text }) => text));
      }
    });

    it("keeps attempts and the last error, and tries again later", () =>
      within(test, async (database) => {
        await addAll(database, [textMessage("slow")]);
        sender.refuse = () => new LogwheelError("BROKER_UNAVAILABLE", "broker a is away");
        expect(await pass(database)).to.deep.equal({ sent: 0, failed: 1, parked: 0 });
        expect(await pass(database), "before its time").to.deep.equal({ sent: 0, failed: 0, parked: 0 });
        await letTimePass(database);
        await pass(database);
        const { rows } = await database.query("SELECT attempts, last_error, claimed_by FROM logwheel_outbox");
        expect(Number(rows[0]?.["attempts"])).to.equal(2);
        expect(`${rows[0]?.["last_error"]}`).to.equal("BROKER_UNAVAILABLE: broker a is away");
        expect(rows[0]?.["claimed_by"]).to.equal(null);
        sender.refuse = () => undefined;
        await letTimePass(database);
        expect((await pass(database)).sent).to.equal(1);
      }));

    it("parks what brokers refuse for good, shows it, and holds back its key until somebody decides", () =>
      within(test, async (database) => {
        await addAll(database, [
          textMessage("bad", "k"),
          textMessage("behind", "k"),
          textMessage("other", "l"),
        ]);
        sender.refuse = ({ body }) =>
          `${body}` === "bad" ? new LogwheelError("MESSAGE_TYPE_MISMATCH", "not here") : undefined;
        expect(await pass(database)).to.deep.equal({ sent: 1, failed: 0, parked: 1 });
        expect((await pass(database)).sent).to.equal(0);
        expect(sender.texts).to.deep.equal(["other"]);
        expect(await outbox.counts(database)).to.deep.include({ waiting: 1, parked: 1 });
        const [parked] = await outbox.parked(database);
        expect(parked).to.deep.include({ topic: "orders", orderingKey: "k", attempts: 1 });
        expect(parked?.lastError).to.equal("MESSAGE_TYPE_MISMATCH: not here");
        expect(Math.abs(parked!.parkedAt.getTime() - parked!.addedAt.getTime())).to.be.below(60_000);
        expect(await outbox.retry(database, [parked!.id])).to.equal(1);
        expect((await pass(database)).parked).to.equal(1);
        expect(await outbox.remove(database, [parked!.id, "unknown"])).to.equal(1);
        await pass(database);
        expect(sender.texts).to.deep.equal(["other", "behind"]);
      }));

    it("parks after as many attempts as it was told", () =>
      within(test, async (database) => {
        await addAll(database, [textMessage("m")]);
        sender.refuse = () => new LogwheelError("TIMEOUT", "no answer");
        expect((await pass(database, { attemptsMax: 2 })).failed).to.equal(1);
        await letTimePass(database);
        expect((await pass(database, { attemptsMax: 2 })).parked).to.equal(1);
      }));

    it("leaves to others what a dead relay had claimed, and what it still does then changes nothing", async () => {
      const first = await test.connect();
      const second = await test.connect();
      await addAll(first.database, [textMessage("1", "k"), textMessage("2", "k")]);
      let arrived = (): void => {};
      const begun = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      let goOn = (): void => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const stuck = {
        send: async (message: OutMessage<Uint8Array>) => {
          arrived();
          await held;
          return sender.send(message);
        },
      };
      const late = pass(first.database, { producer: stuck });
      await begun;
      expect((await pass(second.database)).sent, "while the lease holds").to.equal(0);
      await letTimePass(second.database);
      sender.refuse = () => new LogwheelError("TIMEOUT", "no answer");
      expect((await pass(second.database)).failed).to.equal(1);
      sender.refuse = () => undefined;
      goOn();
      await late;
      expect(
        (await outbox.counts(second.database)).waiting,
        "it deletes nothing that is not its own",
      ).to.equal(2);
      await letTimePass(second.database);
      expect((await pass(second.database)).sent).to.equal(2);
      await Promise.all([first.close(), second.close()]);
    });
  });
}

/** Runs the same on several connections at once. */
async function together(
  test: TestDatabase,
  count: number,
  work: (database: Database) => Promise<void>,
): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => within(test, work)));
}
