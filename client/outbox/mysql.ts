import { checkDriver } from "./dialect.js";
import type { Database, Rows, Session, TransactionOptions } from "./types.js";

/** As much of a promise connection or pool of `mysql2` as is used here. */
export interface MysqlConnection {
  // biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes and gives
  query(sql: string): Promise<[any, any]>;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the driver takes and gives
  execute(sql: string, values?: any): Promise<[any, any]>;
}

interface Pooled extends MysqlConnection {
  release(): void;
  destroy(): void;
}

interface Pool extends MysqlConnection {
  getConnection(): Promise<Pooled>;
}

/**
 * A connection of `mysql2/promise`, for MySQL 8.0 and MariaDB 10.6 or newer. Statements of a transaction have to come
 * through the connection that began it, never through a pool; a relay takes a pool.
 */
export function mysql(connection: MysqlConnection): Database {
  checkDriver("mysql", connection, "query");
  const own = session(connection);
  return {
    ...own,
    alone: own.query,
    async transaction(run, options) {
      if (!isPool(connection)) return within(connection, run, options);
      const pooled = await connection.getConnection();
      try {
        const result = await within(pooled, run, options);
        pooled.release();
        return result;
      } catch (thrown) {
        // Nobody knows what state the connection is in.
        pooled.destroy();
        throw thrown;
      }
    },
  };
}

function session(connection: MysqlConnection): Session {
  return {
    dialect: "mysql",
    async query(sql, params = []): Promise<Rows> {
      // Prepared, because values written into the text depend on the server's mode; but not all statements can be.
      const [answer] = await (params.length === 0
        ? connection.query(sql)
        : connection.execute(sql, [...params]));
      if (Array.isArray(answer)) return { rows: answer, affected: 0 };
      return { rows: [], affected: answer.affectedRows };
    },
  };
}

async function within<T>(
  connection: MysqlConnection,
  run: (tx: Session) => T | Promise<T>,
  options: TransactionOptions = {},
): Promise<T> {
  if (options.isolation !== undefined)
    await connection.query(`SET TRANSACTION ISOLATION LEVEL ${options.isolation}`);
  await connection.query("START TRANSACTION");
  try {
    const result = await run(session(connection));
    await connection.query("COMMIT");
    return result;
  } catch (thrown) {
    await connection.query("ROLLBACK").catch(() => {});
    throw thrown;
  }
}

function isPool(connection: MysqlConnection): connection is Pool {
  return "getConnection" in connection;
}
