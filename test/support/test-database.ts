import { type Database, type Dialect, outboxTables } from "../../client/outbox/index.js";
import type { Crash } from "./crash.js";

/** One connection, from a process's start to its end. */
export interface Life {
  readonly database: Database;
  readonly crash: Crash;
  close(): Promise<void>;
}

/** A real database with nothing in it. */
export interface TestDatabase {
  readonly dialect: Dialect;
  /** Opens a connection, which `crash` ends where it says. */
  connect(crash?: Crash): Promise<Life>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** Runs `work` on a connection that does not crash. */
export async function within<T>(test: TestDatabase, work: (database: Database) => Promise<T>): Promise<T> {
  const life = await test.connect();
  try {
    return await work(life.database);
  } finally {
    await life.close();
  }
}

const TABLES = ["logwheel_outbox", "logwheel_inbox", "effects", "accounts"];

/** Makes empty tables: the kit's, `effects` with what handlers did, and `accounts`. */
export async function emptyTables(database: Database): Promise<void> {
  const engine = database.dialect === "mysql" ? " ENGINE=InnoDB" : "";
  for (const table of TABLES) await database.query(`DROP TABLE IF EXISTS ${table}`);
  for (const statement of outboxTables(database.dialect)) await database.query(statement);
  await database.query(`CREATE TABLE effects (name VARCHAR(255) NOT NULL)${engine}`);
  await database.query(
    `CREATE TABLE accounts (name VARCHAR(255) PRIMARY KEY, balance BIGINT NOT NULL, version INTEGER NOT NULL DEFAULT 0)${engine}`,
  );
}

/** The texts of a column. */
export async function column(database: Database, table: string, name: string): Promise<string[]> {
  const { rows } = await database.query(`SELECT ${name} AS value FROM ${table} ORDER BY 1`);
  return rows.map(({ value }) =>
    value instanceof Uint8Array ? Buffer.from(value).toString() : String(value),
  );
}
