import { checkDriver } from "./dialect.js";
import type { Database, Rows, Session, TransactionOptions } from "./types.js";

/** As much of `pg`'s Client, PoolClient and Pool as is used here. */
export interface PostgresClient {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes and gives
  query(text: string, values?: any[]): Promise<{ readonly rows: any[]; readonly rowCount: number | null }>;
}

interface Pooled extends PostgresClient {
  release(error?: boolean): void;
}

interface Pool extends PostgresClient {
  connect(): Promise<Pooled>;
}

/**
 * A client of `pg`, or anything with the same `query`. Statements of a transaction have to come through the client that
 * began it, never through a pool; a relay takes a pool.
 */
export function postgres(client: PostgresClient): Database {
  checkDriver("postgres", client, "query");
  const own = session(client);
  return {
    ...own,
    alone: own.query,
    async transaction(run, options) {
      if (!isPool(client)) return within(client, run, options);
      const pooled = await client.connect();
      let broken = true;
      try {
        const result = await within(pooled, run, options);
        broken = false;
        return result;
      } finally {
        // After a failure nobody knows what state the connection is in.
        pooled.release(broken);
      }
    },
  };
}

function session(client: PostgresClient): Session {
  return {
    dialect: "postgres",
    async query(sql, params = []): Promise<Rows> {
      let count = 0;
      const text = sql.replaceAll("?", () => `$${++count}`);
      const { rows, rowCount } = await client.query(text, [...params]);
      return { rows, affected: rowCount ?? 0 };
    },
  };
}

async function within<T>(
  client: PostgresClient,
  run: (tx: Session) => T | Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  await client.query(
    options.isolation === undefined ? "BEGIN" : `BEGIN ISOLATION LEVEL ${options.isolation}`,
  );
  try {
    const result = await run(session(client));
    await client.query("COMMIT");
    return result;
  } catch (thrown) {
    await client.query("ROLLBACK").catch(() => {});
    throw thrown;
  }
}

function isPool(client: PostgresClient): client is Pool {
  return "totalCount" in client;
}
