import { expect } from "chai";
import { createPool } from "mysql2/promise";
import pg from "pg";
import { createInbox, createOutbox, type Database, mysql, postgres } from "../../client/outbox/index.js";
import { topic } from "../../client/sdk/topic.js";
import { RecordingSender } from "../support/recording-sender.js";
import { mariadbDatabase, postgresDatabase, type ServerDatabase } from "../support/server-databases.js";
import { column, emptyTables, within } from "../support/test-database.js";
import { until } from "../support/until.js";

interface Pool {
  readonly database: Database;
  close(): Promise<void>;
}

const orders = topic("orders");
const outbox = createOutbox();

/** Pools of drivers, which a relay takes, and connections of them that die. */
function describePool(
  name: string,
  open: (context: Mocha.Context) => Promise<ServerDatabase>,
  poolOf: (url: string) => Pool,
  killOthers: string,
): void {
  describe(`a pool of ${name}`, function () {
    this.timeout(60_000);
    let test: ServerDatabase;
    let pool: Pool;
    before(async function () {
      test = await open(this);
    });
    after(() => test?.stop());
    beforeEach(async () => {
      await within(test, emptyTables);
      pool = poolOf(test.url);
    });
    afterEach(() => pool?.close());

    it("takes a connection for each transaction, and gives it back whatever comes", async () => {
      const { database } = pool;
      const inbox = createInbox({ group: "billing" });
      const add = (text: string, fail: boolean) =>
        database.transaction(async (tx) => {
          await inbox.once(tx, { id: text }, () =>
            outbox.add(tx, { topic: orders, body: Buffer.from(text) }),
          );
          if (fail) throw new Error("no");
        });
      const ends = await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          add(`${i}`, i % 2 === 0).then(
            () => "kept",
            () => "undone",
          ),
        ),
      );
      expect(ends.filter((end) => end === "kept")).to.have.length(20);
      expect(await column(database, "logwheel_inbox", "message_key")).to.have.length(20);
      const sender = new RecordingSender();
      const relay = outbox.relay({ producer: sender, database });
      while ((await relay.pass()).sent > 0);
      expect(sender.texts.every((text) => Number(text) % 2 === 1)).to.equal(true);
      expect(sender.texts).to.have.length(20);
    });

    it("has a relay go on after the server has cut its connections", async () => {
      const { database } = pool;
      const sender = new RecordingSender();
      await using relay = outbox.relay({
        producer: sender,
        database,
        pollMs: 10,
        retryMaxMs: 50,
        logger: false,
      });
      relay.start();
      for (let i = 0; i < 5; i++) {
        await within(test, async (other) => {
          await outbox.add(other, { topic: orders, body: Buffer.from(`${i}`) });
          for (const { id } of (await other.query(killOthers)).rows)
            if (other.dialect === "mysql") await other.query(`KILL ${id}`).catch(() => {});
        });
        relay.wake();
        await until("it was sent", () => sender.texts.includes(`${i}`));
      }
    });
  });
}

describePool(
  "PostgreSQL",
  postgresDatabase,
  (url) => {
    const pool = new pg.Pool({ connectionString: url, max: 3 });
    pool.on("error", () => {});
    return { database: postgres(pool), close: () => pool.end() };
  },
  "SELECT pg_terminate_backend(pid) AS id FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND usename = 'logwheel'",
);

describePool(
  "MariaDB",
  mariadbDatabase,
  (url) => {
    const pool = createPool({ uri: url, connectionLimit: 3 });
    return { database: mysql(pool), close: () => pool.end() };
  },
  "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND user = 'root'",
);
