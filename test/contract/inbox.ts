import { expect } from "chai";
import {
  createInbox,
  type Database,
  type InboxLease,
  OUTBOX_ID,
  parametersKey,
} from "../../client/outbox/index.js";
import { RetryLater } from "../../client/sdk/handler-errors.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { column, emptyTables, type TestDatabase, within } from "../support/test-database.js";

const inbox = createInbox({ group: "billing" });
const message = { id: "a-1-7" };

/** What every database does for an inbox. */
export function describeInbox(
  name: string,
  open: (context: Mocha.Context) => Promise<TestDatabase>,
  concurrency: "many transactions at once" | "one transaction at a time" = "many transactions at once",
): void {
  describe(`inbox in ${name}`, function () {
    this.timeout(60_000);
    const concurrently = (title: string, run: () => Promise<void>): void => {
      if (concurrency === "many transactions at once") it(title, run);
    };
    let test: TestDatabase;
    before(async function () {
      test = await open(this);
    });
    after(() => test?.stop());
    beforeEach(() => within(test, emptyTables));

    const effects = (database: Database) => column(database, "effects", "name");
    const handle = (database: Database, from = message, box = inbox) =>
      database.transaction((tx) =>
        box.once(tx, from, async () => {
          await tx.query("INSERT INTO effects (name) VALUES (?)", [from.id]);
          return { number: 7 };
        }),
      );

    it("A8-05 handles a message once that comes five times", () =>
      within(test, async (database) => {
        const repeated = [];
        for (let i = 0; i < 5; i++) repeated.push((await handle(database)).repeated);
        expect(repeated).to.deep.equal([false, true, true, true, true]);
        expect(await effects(database)).to.deep.equal(["a-1-7"]);
        await handle(database, { id: "a-1-7 " });
        await handle(database, { id: "A-1-7" });
        expect(await effects(database), "other messages").to.have.length(3);
        expect((await handle(database, message, createInbox({ group: "shipping" }))).repeated).to.equal(
          false,
        );
      }));

    it("A8-05 knows a message of an outbox by the id of that, whichever copy comes", () =>
      within(test, async (database) => {
        const properties = { [OUTBOX_ID]: "row-1" };
        const copies = [
          { id: "a-1-1", properties },
          { id: "a-1-2", properties },
        ];
        for (const copy of copies) await handle(database, copy);
        expect(await effects(database)).to.deep.equal(["a-1-1"]);
      }));

    concurrently("has one of two transactions wait that handle a message at once (A8-05)", async () => {
      const first = await test.connect();
      const second = await test.connect();
      let begun = (): void => {};
      const started = new Promise<void>((resolve) => {
        begun = resolve;
      });
      let finish = (): void => {};
      const held = new Promise<void>((resolve) => {
        finish = resolve;
      });
      const winner = first.database.transaction((tx) =>
        inbox.once(tx, message, async () => {
          begun();
          await held;
          await tx.query("INSERT INTO effects (name) VALUES (?)", ["first"]);
        }),
      );
      await started;
      const loser = handle(second.database);
      finish();
      expect((await winner).repeated).to.equal(false);
      expect((await loser).repeated).to.equal(true);
      expect(await effects(first.database)).to.deep.equal(["first"]);
      await Promise.all([first.close(), second.close()]);
    });

    concurrently(
      "A8-07 gives the first result though the transaction began before there was one",
      async () => {
        const remembering = createInbox({ group: "orders", results: true });
        const early = await test.connect();
        const other = await test.connect();
        const again = await early.database.transaction(async (tx) => {
          await tx.query("SELECT * FROM logwheel_inbox");
          await handle(other.database, message, remembering);
          return remembering.once(tx, message, () => ({ number: 8 }));
        });
        expect(again).to.deep.equal({ repeated: true, result: { number: 7 } });
        await Promise.all([early.close(), other.close()]);
      },
    );

    it("forgets a message whose handler failed, with what that had done", () =>
      within(test, async (database) => {
        const failing = database.transaction((tx) =>
          inbox.once(tx, message, async () => {
            await tx.query("INSERT INTO effects (name) VALUES (?)", ["half"]);
            throw new Error("no");
          }),
        );
        expect(await failing.catch((error: Error) => error.message)).to.equal("no");
        expect((await handle(database)).repeated).to.equal(false);
        expect(await effects(database)).to.deep.equal(["a-1-7"]);
      }));

    it("A8-07 gives the first result for a message that it knows", () =>
      within(test, async (database) => {
        const remembering = createInbox({ group: "orders", results: true });
        expect(await handle(database, message, remembering)).to.deep.equal({
          repeated: false,
          result: { number: 7 },
        });
        expect(await handle(database, message, remembering)).to.deep.equal({
          repeated: true,
          result: { number: 7 },
        });
        expect(await handle(database)).to.deep.equal({ repeated: false, result: { number: 7 } });
        expect(await handle(database), "without the option").to.deep.equal({
          repeated: true,
          result: undefined,
        });
      }));

    it("A8-08 knows a request by the hash of its parameters", () =>
      within(test, async (database) => {
        const byParameters = createInbox({
          group: "api",
          key: ({ body }: { id: string; body: unknown }) => parametersKey(body),
        });
        const call = (body: unknown) =>
          database.transaction((tx) => byParameters.once(tx, { id: `${Math.PI}`, body }, () => 1));
        expect((await call({ to: "x", amount: 3 })).repeated).to.equal(false);
        expect((await call({ amount: 3, to: "x" })).repeated).to.equal(true);
        expect((await call({ to: "x", amount: 4 })).repeated).to.equal(false);
      }));

    it("A2-18 does each step of an order once, by the order's number", () =>
      within(test, async (database) => {
        const steps = ["order", "stock", "coupon"].map((group) =>
          createInbox({ group, key: ({ order }: { id: string; order: string }) => order }),
        );
        for (const id of ["first try", "second try"])
          for (const step of steps)
            await database.transaction((tx) =>
              step.once(tx, { id, order: "321" }, () =>
                tx.query("INSERT INTO effects (name) VALUES (?)", [id]),
              ),
            );
        expect(await effects(database)).to.deep.equal(["first try", "first try", "first try"]);
      }));

    it("A2-18 A8-06 beside a version column, which the second of two equal changes does not find", () =>
      within(test, async (database) => {
        await database.query("INSERT INTO accounts (name, balance, version) VALUES (?, ?, ?)", [
          "321",
          5,
          123,
        ]);
        const change = async () =>
          (
            await database.query(
              "UPDATE accounts SET balance = balance + 1, version = version + 1 WHERE name = ? AND version = ?",
              ["321", 123],
            )
          ).affected;
        expect([await change(), await change()]).to.deep.equal([1, 0]);
      }));

    it("forgets what was handled long ago when it is told to, of its own group", () =>
      within(test, async (database) => {
        await handle(database);
        await handle(database, message, createInbox({ group: "shipping" }));
        expect(await inbox.purge(database, { olderThanMs: 60_000 })).to.equal(0);
        await database.query("UPDATE logwheel_inbox SET noted_at = noted_at - 100000");
        expect(await inbox.purge(database, { olderThanMs: 60_000 })).to.equal(1);
        expect(await column(database, "logwheel_inbox", "consumer_group")).to.deep.equal(["shipping"]);
      }));

    it("refuses keys that do not fit its table", () =>
      within(test, async (database) => {
        for (const id of ["", "k".repeat(256), "nul\0"]) {
          const refused = await handle(database, { id }).catch((error: unknown) => error);
          expect(LogwheelError.is(refused, "BAD_REQUEST"), id).to.equal(true);
        }
      }));

    describe("with a lease", () => {
      const letTimePass = (database: Database) => database.query("UPDATE logwheel_inbox SET lease_until = 0");

      it("A8-04 goes from processing to done, and repeats nothing then", () =>
        within(test, async (database) => {
          const states: string[] = [];
          const remembering = createInbox({ group: "mail", results: true });
          const send = () =>
            remembering.lease(database, message, async ({ key, recovered }) => {
              states.push(...(await column(database, "logwheel_inbox", "state")), key, `${recovered}`);
              return "sent";
            });
          expect(await send()).to.deep.equal({ repeated: false, result: "sent" });
          expect(states).to.deep.equal(["processing", "a-1-7", "false"]);
          expect(await column(database, "logwheel_inbox", "state")).to.deep.equal(["done"]);
          expect(await send()).to.deep.equal({ repeated: true, result: "sent" });
          expect(states).to.have.length(3);
        }));

      it("A8-04 is taken over from a handler that died in processing, and says so", () =>
        within(test, async (database) => {
          const dead = await test.connect();
          let reached = (): void => {};
          const begun = new Promise<void>((resolve) => {
            reached = resolve;
          });
          inbox.lease(dead.database, message, () => {
            reached();
            return new Promise(() => {});
          });
          await begun;
          const early = await inbox.lease(database, message, () => 1).catch((error: unknown) => error);
          expect(early).to.be.instanceOf(RetryLater);
          expect((early as RetryLater).delayMs).to.be.within(1, 30_000);
          await letTimePass(database);
          const recovered: boolean[] = [];
          await inbox.lease(database, message, (lease) => recovered.push(lease.recovered));
          expect(recovered).to.deep.equal([true]);
          await dead.close();
        }));

      it("tells a handler that comes too late, and keeps the state of who took over", () =>
        within(test, async (database) => {
          const lost: unknown[] = [];
          const late = inbox.lease(database, message, async (lease) => {
            await lease.extend(10_000);
            await letTimePass(database);
            await inbox.lease(database, message, async (successor) => {
              lost.push(await lease.extend(10_000).catch((error: unknown) => error));
              await successor.extend(10_000);
            });
          });
          lost.push(await late.catch((error: unknown) => error));
          expect(lost.map((error) => LogwheelError.is(error, "LEASE_EXPIRED"))).to.deep.equal([true, true]);
          expect(await column(database, "logwheel_inbox", "state")).to.deep.equal(["done"]);
        }));

      it("is free at once when its handler throws", () =>
        within(test, async (database) => {
          const fail = (): never => {
            throw new Error("smtp");
          };
          const seen: InboxLease[] = [];
          const attempt = () => inbox.lease(database, message, fail).catch((error: Error) => error.message);
          expect([await attempt(), await attempt()]).to.deep.equal(["smtp", "smtp"]);
          await inbox.lease(database, message, (lease) => seen.push(lease));
          expect(seen[0]?.recovered, "it may have done something").to.equal(true);
        }));

      it("does not take a message that `once` has, nor the other way round", () =>
        within(test, async (database) => {
          await handle(database);
          expect((await inbox.lease(database, message, () => 1)).repeated).to.equal(true);
          await inbox.lease(database, { id: "other" }, async () => {
            const refused = await handle(database, { id: "other" }).catch((error: unknown) => error);
            expect(LogwheelError.is(refused, "CONFLICT")).to.equal(true);
          });
        }));
    });
  });
}
