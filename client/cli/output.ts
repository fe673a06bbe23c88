import type { Terminal } from "./terminal.js";

/** How data is written. */
export type Format = "table" | "json" | "jsonl";

/** The option of every verb that shows data. */
export const OUTPUT_OPTION = {
  output: {
    alias: "o",
    choices: ["table", "json", "jsonl"],
    default: "table",
    description: "How data is written",
  },
} as const;

const CELL_CHARACTERS = 500;

type Row = Readonly<Record<string, unknown>>;

/** A column of a table: what it shows of a row. */
export type Columns = Readonly<Record<string, (row: never) => unknown>>;

/** Shows a list: aligned columns, one JSON array, or an object per line. */
export async function showRows<R extends object>(
  terminal: Terminal,
  format: Format,
  rows: readonly R[],
  columns: Readonly<Record<string, (row: R) => unknown>>,
): Promise<void> {
  if (format === "json") return terminal.out(JSON.stringify(rows, null, 2));
  if (format === "jsonl") {
    for (const row of rows) await terminal.out(JSON.stringify(row));
    return;
  }
  const cells = rows.map((row) => Object.values(columns).map((column) => shortened(cell(column(row)))));
  for (const line of aligned([Object.keys(columns).map((name) => words(name).toUpperCase()), ...cells]))
    await terminal.out(line);
}

/**
 * Shows things as they come, which may be for ever: a line for each, or one JSON array, which is whole also when the
 * things end in an error.
 */
export async function showStream<T>(
  terminal: Terminal,
  format: Format,
  things: AsyncIterable<T>,
  how: { readonly json: (thing: T) => object; readonly table: (thing: T) => string },
): Promise<void> {
  if (format !== "json") {
    for await (const thing of things)
      await terminal.out(format === "jsonl" ? JSON.stringify(how.json(thing)) : how.table(thing));
    return;
  }
  let before = "[";
  try {
    for await (const thing of things) {
      await terminal.out(before);
      before = `${JSON.stringify(how.json(thing))},`;
    }
  } finally {
    await terminal.out(before === "[" ? "[]" : `${before.slice(0, -1)}\n]`);
  }
}

/** Shows one thing: a line for each field, lists of objects as tables below; or as JSON. */
export async function showOne(terminal: Terminal, format: Format, thing: object): Promise<void> {
  if (format === "json") return terminal.out(JSON.stringify(thing, null, 2));
  if (format === "jsonl") return terminal.out(JSON.stringify(thing));
  const fields = Object.entries(thing);
  const plain = fields.filter(([, value]) => !isTable(value));
  for (const line of aligned(plain.map(([name, value]) => [words(name), field(name, value)])))
    await terminal.out(line);
  let begun = plain.length > 0;
  for (const [name, rows] of fields.filter((field): field is [string, Row[]] => isTable(field[1]))) {
    if (begun) await terminal.out("");
    begun = true;
    await terminal.out(words(name));
    const columns = Object.keys(rows[0] ?? {}).map(
      (key) => [key, (row: Row) => field(key, row[key])] as const,
    );
    await showRows(terminal, "table", rows, Object.fromEntries(columns));
  }
}

/** Lines of cells padded to the widest of their column; the last column is left as it is. */
export function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows)
    row.forEach((text, i) => {
      widths[i] = Math.max(widths[i] ?? 0, text.length);
    });
  return rows.map((row) =>
    row.map((text, i) => (i === row.length - 1 ? text : text.padEnd(widths[i] ?? 0))).join("  "),
  );
}

/** `firstOffset` as people write it. */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

/** A field's value; sizes, which are the ones called so, roughly and with their unit. */
function field(name: string, value: unknown): string {
  if (typeof value !== "number" || !name.endsWith("Bytes")) return cell(value);
  const power = value < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(value) / 10));
  return `${Number((value / 1_024 ** power).toPrecision(3))} ${UNITS[power]}`;
}

function isTable(value: unknown): value is Row[] {
  return Array.isArray(value) && typeof value[0] === "object" && value[0] !== null;
}

/** A value as a person reads it; control characters of stored data never reach the terminal. */
function cell(value: unknown): string {
  if (value === undefined || value === null || value === "") return "-";
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.length === 0 ? "-" : value.map(cell).join(",");
  if (typeof value !== "object") return printable(String(value));
  const entries = Object.entries(value);
  return entries.length === 0
    ? "-"
    : entries.map(([key, part]) => `${printable(key)}=${cell(part)}`).join(",");
}

/** The text without what could move a terminal's cursor, change its colours, or have it show letters in another order. */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu, "\ufffd");
}

/** A cell of a table: what is long is cut, as JSON and the verbs for one thing show it whole. */
function shortened(text: string): string {
  return text.length > CELL_CHARACTERS ? `${text.slice(0, CELL_CHARACTERS)}…` : text;
}
