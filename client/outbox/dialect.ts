import { inspect } from "node:util";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Dialect } from "./types.js";

/** The database's wall clock in milliseconds since 1970. Leases of several machines are measured by one clock: this. */
export const NOW_MS: Readonly<Record<Dialect, string>> = {
  postgres: "CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT)",
  mysql: "CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED)",
  sqlite: "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)",
};

const TABLE = /^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)?$/;

/** The name of a table as it may stand in a statement. Throws BAD_REQUEST for anything but letters, digits, `_` and one dot. */
export function tableName(name: string): string {
  if (TABLE.test(name) && name.length <= 100) return name;
  throw new LogwheelError(
    "BAD_REQUEST",
    `the table ${JSON.stringify(name)} may only have letters, digits, _ and a schema before a dot`,
  );
}

/** Throws BAD_REQUEST unless the driver's object has the method by which it is used. */
export function checkDriver(what: string, driver: unknown, method: string): void {
  if (typeof (driver as Record<string, unknown> | null | undefined)?.[method] === "function") return;
  throw new LogwheelError(
    "BAD_REQUEST",
    `${what} needs a driver's object with \`${method}\`, not ${inspect(driver, { depth: 0 })}`,
  );
}

/** `?, ?, ?` for a list of values. */
export function placeholders(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

/** A column of bytes, as whichever driver gives it. */
export function bytesOf(value: unknown): Buffer {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  const { buffer, byteOffset, byteLength } = value as Uint8Array;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** A column of text; MySQL gives those that are compared byte by byte as bytes. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : bytesOf(value).toString("utf8");
}
