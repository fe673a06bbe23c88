import { AsyncLocalStorage } from "node:async_hooks";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkDriver } from "./dialect.js";
import type { Database, Rows, Session, SyncSession } from "./types.js";

interface Statement {
  /** Of better-sqlite3: whether it gives rows. */
  readonly reader?: boolean;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes and gives
  all(...params: any[]): unknown[];
  // biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes and gives
  run(...params: any[]): { readonly changes: number | bigint };
}

/** As much of a database of `better-sqlite3` or `node:sqlite` as is used here. */
export interface SqliteDatabase {
  prepare(sql: string): Statement;
  /** Of better-sqlite3: whether a transaction is open. */
  readonly inTransaction?: boolean;
  /** The same of node:sqlite. */
  readonly isTransaction?: boolean;
}

/** What waits for a connection that can do one transaction at a time. */
const queues = new WeakMap<SqliteDatabase, Promise<unknown>>();

/** The connection whose transaction the running code is part of: what it sends past that would wait for itself. */
const within = new AsyncLocalStorage<SqliteDatabase>();

/**
 * A database of `better-sqlite3`, `node:sqlite`, or anything with the same `prepare`. Its drivers answer at once, so
 * `addSync` and `onceSync` fit into a transaction of the driver's own. `transaction` is for code that waits: what comes
 * through other sessions of the same connection waits until it is over. It rejects with CONFLICT where the connection is
 * in a transaction that was begun elsewhere.
 */
export function sqlite(database: SqliteDatabase): Database & SyncSession {
  checkDriver("sqlite", database, "prepare");
  const querySync = (sql: string, params: readonly unknown[] = []): Rows => run(database, sql, params);
  return {
    dialect: "sqlite",
    querySync,
    get inTransaction() {
      return inTransaction(database);
    },
    query: (sql, params) => inTurn(database, async () => querySync(sql, params)),
    alone: (sql, params) =>
      inTurn(database, async () => {
        checkNoTransaction(database);
        return querySync(sql, params);
      }),
    transaction: (work) => inTurn(database, () => within.run(database, () => transaction(database, work))),
  };
}

function inTransaction(database: SqliteDatabase): boolean | undefined {
  return database.inTransaction ?? database.isTransaction;
}

/** What is done in a transaction of somebody else could be rolled back with it, and what is read never be committed. */
function checkNoTransaction(database: SqliteDatabase): void {
  if (inTransaction(database))
    throw new LogwheelError(
      "CONFLICT",
      "the SQLite connection is in a transaction of somebody else: give the relay one of its own",
    );
}

async function transaction<T>(database: SqliteDatabase, work: (tx: Session) => T | Promise<T>): Promise<T> {
  checkNoTransaction(database);
  run(database, "BEGIN IMMEDIATE", []);
  try {
    const result = await work({
      dialect: "sqlite",
      query: async (sql, params = []) => run(database, sql, params),
    });
    run(database, "COMMIT", []);
    return result;
  } catch (thrown) {
    try {
      run(database, "ROLLBACK", []);
    } catch {}
    throw thrown;
  }
}

function run(database: SqliteDatabase, sql: string, params: readonly unknown[]): Rows {
  const statement = database.prepare(sql);
  if (statement.reader ?? /^\s*(SELECT|WITH|VALUES|PRAGMA)\b|\bRETURNING\b/i.test(sql))
    return { rows: statement.all(...params) as Record<string, unknown>[], affected: 0 };
  return { rows: [], affected: Number(statement.run(...params).changes) };
}

async function inTurn<T>(database: SqliteDatabase, work: () => Promise<T>): Promise<T> {
  if (within.getStore() === database)
    throw new LogwheelError(
      "BAD_REQUEST",
      "within a transaction statements go through the session that it was given",
    );
  const mine = (queues.get(database) ?? Promise.resolve()).then(work);
  queues.set(
    database,
    mine.catch(() => {}),
  );
  return mine;
}
