import { createConnection } from "mysql2/promise";
import pg from "pg";
import { mysql, postgres } from "../../client/outbox/index.js";
import { Crash } from "./crash.js";
import {
  type DatabaseServer,
  findMariadb,
  findPostgres,
  startMariadb,
  startPostgres,
} from "./database-server.js";
import { skip } from "./skip.js";
import type { Life, TestDatabase } from "./test-database.js";

/** A database that is a server of its own. */
export interface ServerDatabase extends TestDatabase {
  /** For clients of a test's own. */
  readonly url: string;
}

/** PostgreSQL, by `pg`. Skips the suite where it is not installed. */
export async function postgresDatabase(context: Mocha.Context): Promise<ServerDatabase> {
  const bin = await findPostgres();
  if (bin === null) skip(context, "PostgreSQL is not installed: .ci/run installs the package postgresql");
  const server = await startPostgres(bin, async (port) => {
    const client = new pg.Client(urlOf(port));
    client.on("error", () => {});
    return client.connect().then(
      () => client.end().then(() => true),
      () => false,
    );
  });
  return {
    dialect: "postgres",
    connect: (crash) => postgresLife(server, crash),
    stop: server.stop,
    url: urlOf(server.port),
  };
}

function urlOf(port: number): string {
  return `postgres://logwheel@127.0.0.1:${port}/postgres`;
}

async function postgresLife({ port }: DatabaseServer, crash = new Crash()): Promise<Life> {
  const client = new pg.Client(urlOf(port));
  client.on("error", () => {});
  await client.connect();
  crash.onCrash = () =>
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
  return {
    database: postgres({ query: (text, values) => crash.async(() => client.query(text, values)) }),
    crash,
    close: async () => {
      if (!crash.happened) await client.end();
    },
  };
}

/** MariaDB, by `mysql2`. Skips the suite where it is not installed. */
export async function mariadbDatabase(context: Mocha.Context): Promise<ServerDatabase> {
  const program = await findMariadb();
  if (program === null)
    skip(context, "MariaDB is not installed: .ci/run installs the package mariadb-server");
  const server = await startMariadb(program, (port) =>
    createConnection({ ...ROOT, port }).then(
      async (connection) => {
        await connection.query("CREATE DATABASE IF NOT EXISTS test");
        await connection.end();
        return true;
      },
      () => false,
    ),
  );
  return {
    dialect: "mysql",
    connect: (crash) => mariadbLife(server, crash),
    stop: server.stop,
    url: `mysql://root@127.0.0.1:${server.port}/test`,
  };
}

const ROOT = { host: "127.0.0.1", user: "root" };

async function mariadbLife({ port }: DatabaseServer, crash = new Crash()): Promise<Life> {
  const connection = await createConnection({ ...ROOT, port, database: "test" });
  crash.onCrash = () => connection.destroy();
  return {
    database: mysql({
      query: (sql) => crash.async(() => connection.query(sql)),
      execute: (sql, values) => crash.async(() => connection.execute(sql, values)),
    }),
    crash,
    close: async () => {
      if (!crash.happened) await connection.end();
    },
  };
}
