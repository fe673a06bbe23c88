import { expect } from "chai";
import { createInbox, createOutbox, type Database } from "../../client/outbox/index.js";
import { topic } from "../../client/sdk/topic.js";
import { Crash, Crashed, type CrashPoint } from "../support/crash.js";
import { RecordingSender } from "../support/recording-sender.js";
import { column, emptyTables, type TestDatabase, within } from "../support/test-database.js";

const orders = topic("orders");
const outbox = createOutbox();
const inbox = createInbox({ group: "billing", results: true });

/** More statements than anything here takes. */
const STATEMENTS_MAX = 60;

/** What holds on every database when the process, or its connection, dies at any statement. */
export function describeOutboxCrashes(
  name: string,
  open: (context: Mocha.Context) => Promise<TestDatabase>,
): void {
  describe(`crashes of an outbox and an inbox in ${name}`, function () {
    this.timeout(60_000);
    let test: TestDatabase;
    before(async function () {
      test = await open(this);
      await within(test, emptyTables);
    });
    after(() => test?.stop());

    /** Has `work` die at every statement, before and after it, and checks what was left; resolves with how many there were. */
    async function everywhere(
      work: (database: Database) => Promise<unknown>,
      check: (point: CrashPoint) => Promise<void>,
    ): Promise<number> {
      for (let statement = 1; statement < STATEMENTS_MAX; statement++)
        for (const when of ["before", "after"] as const) {
          await within(test, empty);
          const crash = new Crash({ statement, when });
          await dieIn(crash, work);
          await check({ statement, when });
          if (!crash.happened) return statement - 1;
        }
      throw new Error(`there are more than ${STATEMENTS_MAX} statements`);
    }

    async function dieIn(crash: Crash, work: (database: Database) => Promise<unknown>): Promise<void> {
      const life = await test.connect(crash);
      try {
        await work(life.database);
      } catch (thrown) {
        if (!(thrown instanceof Crashed)) throw thrown;
      } finally {
        await life.close();
      }
    }

    it("A3-12 at each statement of a transaction that adds: message and change are both there, or neither", async () => {
      const left = new Set<number>();
      const statements = await everywhere(
        (database) =>
          database.transaction(async (tx) => {
            await tx.query("INSERT INTO effects (name) VALUES (?)", ["order 1"]);
            await outbox.add(tx, { topic: orders, body: Buffer.from("order 1") });
          }),
        ({ statement, when }) =>
          within(test, async (database) => {
            const changes = (await column(database, "effects", "name")).length;
            const { waiting } = await outbox.counts(database);
            expect(waiting, `${when} statement ${statement}`).to.equal(changes);
            left.add(waiting);
          }),
      );
      expect(statements).to.equal(4);
      expect([...left].sort()).to.deep.equal([0, 1]);
    });

    it("A3-12 at each statement of a relay: what was committed is sent at least once and in order, nothing else ever", async () => {
      let sender = new RecordingSender();
      let doubled = 0;
      const messages = ["1", "2", "3", "4", "5"].map((text, i) => ({
        topic: orders,
        body: Buffer.from(text),
        orderingKey: i === 1 ? undefined : "k",
      }));
      const relayAll = async (database: Database): Promise<void> => {
        const relay = outbox.relay({ producer: sender, database, batch: 3, logger: false });
        for (let i = 0; i < 20 && (await outbox.counts(database)).waiting > 0; i++) {
          await relay.pass();
          await database.query("UPDATE logwheel_outbox SET free_at = 0");
        }
      };
      const statements = await everywhere(
        async (database) => {
          sender = new RecordingSender();
          await within(test, async (whole) => {
            for (const message of messages) await outbox.add(whole, message);
          });
          await relayAll(database);
        },
        async ({ statement, when }) => {
          await within(test, async (database) => {
            await database.query("UPDATE logwheel_outbox SET free_at = 0");
            await relayAll(database);
            expect((await outbox.counts(database)).waiting).to.equal(0);
          });
          const first = [...new Set(sender.texts)];
          expect(first.toSorted(), `${when} statement ${statement}`).to.deep.equal(["1", "2", "3", "4", "5"]);
          expect(first.filter((text) => text !== "2")).to.deep.equal(["1", "3", "4", "5"]);
          if (sender.texts.length > 5) doubled++;
        },
      );
      expect(statements).to.be.above(5);
      expect(doubled, "a crash between acknowledgement and deletion doubles").to.be.above(0);
    });

    it("A8-05 at each statement of `once`: handled once, and remembered with its result", async () => {
      const handle = (database: Database) =>
        database.transaction((tx) =>
          inbox.once(tx, { id: "m1" }, async () => {
            await tx.query("INSERT INTO effects (name) VALUES (?)", ["m1"]);
            return 7;
          }),
        );
      const repeats = new Set<boolean>();
      const statements = await everywhere(handle, ({ statement, when }) =>
        within(test, async (database) => {
          const { repeated, result } = await handle(database);
          repeats.add(repeated);
          expect(result).to.equal(7);
          expect(await column(database, "effects", "name"), `${when} statement ${statement}`).to.deep.equal([
            "m1",
          ]);
        }),
      );
      expect(statements).to.equal(5);
      expect(repeats.size, "died before the commit, and after it").to.equal(2);
    });

    it("A8-04 at each statement of a lease: nobody is locked out, and done stays done", async () => {
      let effects = 0;
      const handle = (database: Database) => inbox.lease(database, { id: "m1" }, () => ++effects);
      const statements = await everywhere(
        (database) => {
          effects = 0;
          return handle(database);
        },
        ({ statement, when }) =>
          within(test, async (database) => {
            await database.query("UPDATE logwheel_inbox SET lease_until = 0");
            await handle(database);
            expect(effects, `${when} statement ${statement}`).to.be.within(1, 2);
            expect((await handle(database)).repeated).to.equal(true);
            expect(await column(database, "logwheel_inbox", "state")).to.deep.equal(["done"]);
          }),
      );
      expect(statements).to.equal(2);
    });
  });
}

async function empty(database: Database): Promise<void> {
  for (const table of ["logwheel_outbox", "logwheel_inbox", "effects"])
    await database.query(`DELETE FROM ${table}`);
}
