import { textOf } from "./dialect.js";
import type { Dialect } from "./types.js";

/** Notes a message by group and key; touches no row if there is one. */
export function insertUnlessThere(dialect: Dialect, table: string, columns: string, values: string): string {
  const ignore = dialect === "mysql" ? "IGNORE " : "";
  const nothing = dialect === "mysql" ? "" : " ON CONFLICT (consumer_group, message_key) DO NOTHING";
  return `INSERT ${ignore}INTO ${table} (consumer_group, message_key, ${columns}) VALUES (?, ?, ${values})${nothing}`;
}

/** A handler's result as it is stored; null for what has no JSON form. */
export function resultText(result: unknown): string | null {
  return JSON.stringify(result) ?? null;
}

/** The result that was stored. */
export function parsedResult<T>(text: unknown): T | undefined {
  return text === null || text === undefined ? undefined : (JSON.parse(textOf(text)) as T);
}
