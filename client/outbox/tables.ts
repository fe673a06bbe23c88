import { LogwheelError } from "../../proto/kernel/errors.js";
import { tableName } from "./dialect.js";
import type { Dialect } from "./types.js";

/** Names of the tables of the kit. */
export interface TableNames {
  readonly outbox: string;
  readonly inbox: string;
}

/** What the tables are called unless told otherwise. */
export const TABLES: TableNames = { outbox: "logwheel_outbox", inbox: "logwheel_inbox" };

interface Types {
  readonly id: string;
  /** Compared byte by byte. */
  readonly key: string;
  readonly text: string;
  readonly bytes: string;
  readonly tail: string;
}

const TYPES: Readonly<Record<Dialect, Types>> = {
  postgres: {
    id: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    key: "VARCHAR(255)",
    text: "TEXT",
    bytes: "BYTEA",
    tail: "",
  },
  // Texts as bytes: the collations of these databases take "a" and "a " for the same.
  mysql: {
    id: "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
    key: "VARBINARY(255)",
    text: "LONGTEXT",
    bytes: "LONGBLOB",
    tail: " ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4",
  },
  sqlite: { id: "INTEGER PRIMARY KEY AUTOINCREMENT", key: "TEXT", text: "TEXT", bytes: "BLOB", tail: "" },
};

/**
 * The statements that make both tables where they are missing, for your migrations. Throws BAD_REQUEST for a dialect or names
 * that are none.
 */
export function outboxTables(dialect: Dialect, names: Partial<TableNames> = {}): readonly string[] {
  if (!Object.hasOwn(TYPES, dialect))
    throw new LogwheelError(
      "BAD_REQUEST",
      `the dialect ${JSON.stringify(dialect)} is none of ${Object.keys(TYPES).join(", ")}`,
    );
  return [
    ...outboxTable(dialect, tableName(names.outbox ?? TABLES.outbox)),
    inboxTable(dialect, tableName(names.inbox ?? TABLES.inbox)),
  ];
}

/** `free_at`: not to be claimed before; `claimed_by`: the claim, by which alone it is deleted. */
function outboxTable(dialect: Dialect, table: string): string[] {
  const { id, key, text, bytes, tail } = TYPES[dialect];
  const index = `${table.split(".").at(-1)}_key`;
  const inline = dialect === "mysql" ? `,\n  KEY ${index} (topic, ordering_key, id)` : "";
  const create = `CREATE TABLE IF NOT EXISTS ${table} (
  id ${id},
  message_id ${key} NOT NULL UNIQUE,
  topic ${key} NOT NULL,
  ordering_key ${key},
  attributes ${text} NOT NULL,
  body ${bytes} NOT NULL,
  added_at BIGINT NOT NULL,
  free_at BIGINT NOT NULL,
  claimed_by ${key},
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error ${text},
  parked_at BIGINT${inline}
)${tail}`;
  if (dialect === "mysql") return [create];
  return [create, `CREATE INDEX IF NOT EXISTS ${index} ON ${table} (topic, ordering_key, id)`];
}

/** `state`: `processing` with `lease_until` and `leased_by`, or `done`. */
function inboxTable(dialect: Dialect, table: string): string {
  const { key, text, tail } = TYPES[dialect];
  return `CREATE TABLE IF NOT EXISTS ${table} (
  consumer_group ${key} NOT NULL,
  message_key ${key} NOT NULL,
  state VARCHAR(16) NOT NULL,
  noted_at BIGINT NOT NULL,
  lease_until BIGINT,
  leased_by ${key},
  result ${text},
  PRIMARY KEY (consumer_group, message_key)
)${tail}`;
}
