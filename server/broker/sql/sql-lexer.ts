import type { LogwheelError } from "../../../proto/kernel/errors.js";
import { invalidFilter } from "../filter-text.js";

const KEYWORDS = new Set([
  ...["AND", "OR", "NOT", "TRUE", "FALSE", "NULL", "IS", "BETWEEN", "IN", "LIKE", "ESCAPE"],
  ...["CONTAINS", "STARTSWITH", "ENDSWITH"],
]);

const SPACE = /[ \t\n\r\f]*/y;
const NAME = /[A-Za-z_$][A-Za-z0-9_$.]*/y;
const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const SYMBOL = /<>|<=|>=|[=<>(),+-]/y;

/** A piece of an SQL filter. */
export interface Token {
  readonly kind: "keyword" | "name" | "quoted-name" | "number" | "text" | "symbol" | "end";
  /** A keyword in capitals; a name or text without its quotes; a number or symbol as it was written. */
  readonly text: string;
  /** Where it begins in the filter. */
  readonly at: number;
}

/** FILTER_INVALID that points at a place in the filter; columns count characters from 1. */
export function sqlError(sql: string, at: number, why: string): LogwheelError {
  return invalidFilter("SQL", sql, `column ${[...sql.slice(0, at)].length + 1}: ${why}`);
}

/** The tokens of a filter, the last of kind `end`. Throws FILTER_INVALID for characters that make none. */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  for (let at = 0; ; ) {
    at += matchAt(SPACE, sql, at)?.length ?? 0;
    if (at === sql.length) return [...tokens, { kind: "end", text: "", at }];
    const [token, end] = tokenAt(sql, at);
    tokens.push(token);
    at = end;
  }
}

/** One text for all spellings that differ only in blanks, the case of keywords and the name of the tag. */
export function canonical(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, text }) => {
      if (kind === "text") return `'${text.replaceAll("'", "''")}'`;
      if (kind === "quoted-name") return `"${text.replaceAll('"', '""')}"`;
      return kind === "name" && text === "TAGS" ? "tag" : text;
    })
    .join(" ")
    .trim();
}

function tokenAt(sql: string, at: number): [token: Token, end: number] {
  const first = sql[at]!;
  if (first === "'" || first === '"') return quotedAt(sql, at, first);
  const number = matchAt(NUMBER, sql, at);
  if (number !== undefined) return numberAt(sql, at, number);
  const name = matchAt(NAME, sql, at);
  if (name !== undefined) return [wordOf(name, at), at + name.length];
  const symbol = matchAt(SYMBOL, sql, at);
  if (symbol !== undefined) return [{ kind: "symbol", text: symbol, at }, at + symbol.length];
  throw sqlError(sql, at, unknown(sql, at));
}

function wordOf(name: string, at: number): Token {
  const keyword = name.toUpperCase();
  return KEYWORDS.has(keyword) ? { kind: "keyword", text: keyword, at } : { kind: "name", text: name, at };
}

function numberAt(sql: string, at: number, number: string): [token: Token, end: number] {
  const end = at + number.length;
  if (matchAt(NAME, sql, end) !== undefined || sql[end] === ".")
    throw sqlError(sql, end, `the number ${number} goes on with what is no part of a number`);
  return [{ kind: "number", text: number, at }, end];
}

/** A text or a name in quotes, in which two quotes stand for one. */
function quotedAt(sql: string, at: number, quote: string): [token: Token, end: number] {
  const what = quote === "'" ? "text" : "name";
  let end = at + 1;
  for (; ; end += 2) {
    end = sql.indexOf(quote, end);
    if (end < 0) throw sqlError(sql, at, `the ${what} that begins here has no closing ${quote}`);
    if (sql[end + 1] !== quote) break;
  }
  const text = sql.slice(at + 1, end).replaceAll(quote + quote, quote);
  if (what === "name" && text === "") throw sqlError(sql, at, "the name of a property is empty");
  return [{ kind: what === "text" ? "text" : "quoted-name", text, at }, end + 1];
}

function unknown(sql: string, at: number): string {
  if (sql.startsWith("!=", at)) return '"!=" is not SQL: write "<>"';
  const character = String.fromCodePoint(sql.codePointAt(at)!);
  return `the character ${JSON.stringify(character)} has no meaning here; texts stand in '…', unusual names in "…"`;
}

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}
