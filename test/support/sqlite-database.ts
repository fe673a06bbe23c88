import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type SqliteDatabase, sqlite } from "../../client/outbox/index.js";
import { Crash } from "./crash.js";
import { skip } from "./skip.js";
import type { Life, TestDatabase } from "./test-database.js";

/** A database as its driver opens it. */
export interface OpenSqlite extends SqliteDatabase {
  exec(sql: string): unknown;
  close(): void;
}

/** A driver of SQLite, or why it is not here. */
interface SqliteDriver {
  readonly name: string;
  readonly open: ((path: string) => OpenSqlite) | null;
  readonly why: string;
}

type Constructor = new (path: string) => OpenSqlite;

const require = createRequire(import.meta.url);

/** libsql has the functions of better-sqlite3, which would have to be compiled for Node 20, and comes compiled. */
const SQLITE_DRIVERS: readonly SqliteDriver[] = [
  driver("libsql", () => require("libsql")),
  driver("node:sqlite", () => require("node:sqlite").DatabaseSync),
];

function driver(name: string, load: () => Constructor): SqliteDriver {
  try {
    const Database = load();
    // Its compiled part may be of another version of Node, which shows when a database is opened.
    new Database(":memory:").close();
    return { name, open: (path) => new Database(path), why: "" };
  } catch (thrown) {
    const [why = ""] = String(thrown).split("\n");
    return { name, open: null, why: `${name} cannot be loaded here: ${why}` };
  }
}

/** Runs `describeIt` for every driver that is here, and says why the others are not. */
export function describeSqlite(describeIt: (name: string, open: (path: string) => OpenSqlite) => void): void {
  for (const { name, open, why } of SQLITE_DRIVERS)
    if (open !== null) describeIt(name, open);
    else
      describe(`SQLite by ${name}`, () => {
        it("is not tried", function () {
          skip(this, why);
        });
      });
}

/** A file in a folder of its own, opened anew by every connection. */
export async function sqliteDatabase(open: (path: string) => OpenSqlite): Promise<TestDatabase> {
  const folder = await mkdtemp(join(tmpdir(), "logwheel-sqlite-"));
  const path = join(folder, "test.db");
  return {
    dialect: "sqlite",
    connect: async (crash = new Crash()): Promise<Life> => {
      const raw = openFile(open, path);
      crash.onCrash = () => die(raw);
      return {
        database: sqlite(crashing(raw, crash)),
        crash,
        close: async () => {
          if (!crash.happened) raw.close();
        },
      };
    },
    stop: () => rm(folder, { recursive: true }),
  };
}

/** What the end of a process does to its transaction; closing alone leaves libsql's open until its statements are collected. */
function die(raw: OpenSqlite): void {
  if (raw.inTransaction ?? raw.isTransaction ?? false) raw.exec("ROLLBACK");
  raw.close();
}

function openFile(open: (path: string) => OpenSqlite, path: string): OpenSqlite {
  const raw = open(path);
  raw.exec("PRAGMA journal_mode = WAL");
  raw.exec("PRAGMA synchronous = OFF");
  raw.exec("PRAGMA busy_timeout = 5000");
  return raw;
}

/** The driver's database, which dies at a statement. */
function crashing(raw: OpenSqlite, crash: Crash): SqliteDatabase {
  return {
    prepare(sql) {
      const prepared = crash.happened ? null : raw.prepare(sql);
      return {
        ...(prepared?.reader === undefined ? {} : { reader: prepared.reader }),
        all: (...params) => crash.sync(() => prepared!.all(...params)),
        run: (...params) => crash.sync(() => prepared!.run(...params)),
      };
    },
    get inTransaction(): boolean {
      return !crash.happened && (raw.inTransaction ?? raw.isTransaction ?? false);
    },
  };
}

/** A database by the first driver that is here. Skips the suite where there is none. */
export async function anySqlite(context: Mocha.Context): Promise<TestDatabase> {
  const found = SQLITE_DRIVERS.find(({ open }) => open !== null);
  if (found?.open == null) skip(context, SQLITE_DRIVERS.map(({ why }) => why).join("; "));
  return sqliteDatabase(found.open);
}
