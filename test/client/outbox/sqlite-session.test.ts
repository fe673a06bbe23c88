import { expect } from "chai";
import { createInbox, createOutbox, outboxTables, sqlite } from "../../../client/outbox/index.js";
import { topic } from "../../../client/sdk/topic.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { RecordingSender } from "../../support/recording-sender.js";
import { skip } from "../../support/skip.js";
import { describeSqlite, type OpenSqlite } from "../../support/sqlite-database.js";

type WithTransactions = OpenSqlite & { transaction?<T>(run: () => T): () => T };

const orders = topic("orders");
const outbox = createOutbox();
const inbox = createInbox({ group: "billing", results: true });

describeSqlite((name, open) => {
  describe(`a session of ${name}`, () => {
    let driver: WithTransactions;
    beforeEach(() => {
      driver = open(":memory:");
      for (const statement of outboxTables("sqlite")) driver.exec(statement);
    });
    afterEach(() => driver?.close());

    it("A8-02 A8-07 adds and handles within the driver's own transaction, which does not wait", async () => {
      const session = sqlite(driver);
      const inTransaction = <T>(run: () => T): T => {
        if (driver.transaction !== undefined) return driver.transaction(run)();
        driver.exec("BEGIN");
        try {
          const result = run();
          driver.exec("COMMIT");
          return result;
        } catch (thrown) {
          driver.exec("ROLLBACK");
          throw thrown;
        }
      };
      const handle = () =>
        inTransaction(() =>
          inbox.onceSync(session, { id: "m1" }, () => {
            outbox.addSync(session, { topic: orders, body: Buffer.from("follows") }, { id: "n1" });
            return 7;
          }),
        );
      expect(handle()).to.deep.equal({ repeated: false, result: 7 });
      expect(handle()).to.deep.equal({ repeated: true, result: 7 });
      const failing = () =>
        inTransaction(() => {
          outbox.addSync(session, { topic: orders, body: Buffer.from("x") });
          outbox.addSync(session, { topic: orders, body: Buffer.from("x") }, { id: "n1" });
        });
      expect(failing).to.throw();
      expect((await outbox.counts(session)).waiting).to.equal(1);
    });

    it("handles nothing outside a transaction, and nothing that goes on after it", function () {
      const session = sqlite(driver);
      let calls = 0;
      const failing = (): number => {
        calls++;
        throw new Error("no");
      };
      const refused = (handle: () => unknown): boolean => {
        try {
          inbox.onceSync(session, { id: "m1" }, handle);
          return false;
        } catch (thrown) {
          return LogwheelError.is(thrown, "BAD_REQUEST");
        }
      };
      driver.exec("BEGIN");
      expect(refused(async () => failing())).to.equal(true);
      expect(inbox.onceSync(session, { id: "m1" }, () => 7)).to.deep.equal({ repeated: false, result: 7 });
      driver.exec("ROLLBACK");
      if (session.inTransaction === undefined) skip(this, "this version of the driver does not tell");
      calls = 0;
      expect(refused(failing)).to.equal(true);
      expect(calls).to.equal(0);
    });

    it("has everything else on the connection wait for a transaction", async () => {
      const session = sqlite(driver);
      const order: string[] = [];
      let goOn = (): void => {};
      const held = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      const first = session.transaction(async (tx) => {
        await held;
        await outbox.add(tx, { topic: orders, body: Buffer.from("1") });
        order.push("first");
      });
      const second = sqlite(driver)
        .transaction(() => order.push("second"))
        .then(() => outbox.counts(session));
      goOn();
      await first;
      expect((await second).waiting).to.equal(1);
      expect(order).to.deep.equal(["first", "second"]);
    });

    it("says so when code in a transaction goes past it, instead of waiting for itself", async () => {
      const session = sqlite(driver);
      const past = session.transaction(() => outbox.counts(session)).catch((error: unknown) => error);
      expect(LogwheelError.is(await past, "BAD_REQUEST")).to.equal(true);
      expect((await outbox.counts(session)).waiting).to.equal(0);
    });

    it("does not relay on a connection that is in somebody else's transaction", async function () {
      if (driver.inTransaction === undefined && driver.isTransaction === undefined)
        skip(this, "this version of the driver does not tell");
      const session = sqlite(driver);
      driver.exec("BEGIN");
      await outbox.add(session, { topic: orders, body: Buffer.from("not committed") });
      const relay = outbox.relay({ producer: new RecordingSender(), database: session, logger: false });
      const refused = await relay.pass().catch((error: unknown) => error);
      expect(LogwheelError.is(refused, "CONFLICT"), String(refused)).to.equal(true);
      driver.exec("ROLLBACK");
      expect((await relay.pass()).sent).to.equal(0);
    });
  });
});
