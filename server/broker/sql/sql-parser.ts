import { MESSAGE_LIMITS } from "../../../proto/kernel/limits.js";
import {
  type Comparator,
  type ComparedAs,
  type Condition,
  FALSE,
  type Field,
  isOperand,
  type Operand,
  TRUE,
  UNKNOWN,
} from "./sql-expression.js";
import { sqlError, type Token } from "./sql-lexer.js";
import { likePattern, partPattern } from "./sql-pattern.js";

/** Parentheses and NOTs within each other, at most. */
export const SQL_DEPTH_MAX = 32;

/** Values of one list, at most. */
export const SQL_LIST_MAX = 128;

const COMPARATORS: ReadonlySet<string> = new Set<Comparator>(["=", "<>", "<", "<=", ">", ">="]);
const PARTS = { CONTAINS: "anywhere", STARTSWITH: "first", ENDSWITH: "last" } as const;
const PREDICATES = ["BETWEEN", "IN", "LIKE", "CONTAINS", "STARTSWITH", "ENDSWITH"];

/** A value or a condition: which one is known only behind it. */
type Node = Operand | Condition;

interface Placed<T> {
  readonly node: T;
  readonly at: number;
}

/** Reads the tokens of one filter by recursive descent. FILTER_INVALID points at what does not fit. */
export class SqlParser {
  readonly #sql: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(sql: string, tokens: readonly Token[]) {
    this.#sql = sql;
    this.#tokens = tokens;
  }

  /** The whole filter. */
  parse(): Condition {
    const condition = this.#condition(this.#or());
    const { kind } = this.#token;
    if (kind !== "end") throw this.#unexpected("AND, OR or the end of the filter");
    return condition;
  }

  #or(): Placed<Node> {
    return this.#chain("OR", "or", () => this.#and());
  }

  #and(): Placed<Node> {
    return this.#chain("AND", "and", () => this.#not());
  }

  #chain(keyword: string, kind: "and" | "or", part: () => Placed<Node>): Placed<Node> {
    const first = part();
    if (!this.#at("keyword", keyword)) return first;
    const parts = [this.#condition(first)];
    while (this.#take("keyword", keyword)) parts.push(this.#condition(part()));
    return { node: { kind, parts }, at: first.at };
  }

  #not(): Placed<Node> {
    const { at } = this.#token;
    if (!this.#take("keyword", "NOT")) return this.#predicate();
    const part = this.#deeper(at, () => this.#condition(this.#not()));
    return { node: { kind: "not", part }, at };
  }

  #predicate(): Placed<Node> {
    const left = this.#primary();
    const { at } = left;
    if (this.#token.kind === "symbol" && COMPARATORS.has(this.#token.text)) {
      const comparator = this.#advance().text as Comparator;
      return { node: this.#compare(left, comparator, this.#primary()), at };
    }
    if (this.#take("keyword", "IS")) {
      const not = this.#take("keyword", "NOT");
      this.#expect("keyword", "NULL");
      return { node: negated(not, { kind: "is-null", field: this.#field(left, "IS NULL") }), at };
    }
    const not = this.#at("keyword", "NOT");
    const { kind, text } = not ? this.#tokens[this.#next + 1]! : this.#token;
    if (kind !== "keyword" || !PREDICATES.includes(text)) return left;
    this.#next += not ? 2 : 1;
    return { node: negated(not, this.#predicateOf(left, text)), at };
  }

  #predicateOf(left: Placed<Node>, keyword: string): Condition {
    if (keyword === "BETWEEN") return this.#between(left);
    const field = this.#field(left, keyword);
    if (keyword === "IN") return this.#in(field);
    if (keyword === "LIKE") return this.#like(field);
    const { at } = this.#token;
    const text = this.#text(`behind ${keyword}`);
    if (text === "") throw sqlError(this.#sql, at, "the text to look for is empty");
    return { kind: "match", field, pattern: partPattern(text, PARTS[keyword as keyof typeof PARTS]) };
  }

  #between(left: Placed<Node>): Condition {
    const low = this.#primary();
    this.#expect("keyword", "AND");
    const high = this.#primary();
    if (low.node.kind === "number" && high.node.kind === "number" && low.node.value > high.node.value)
      throw sqlError(this.#sql, high.at, "the upper bound of BETWEEN is below its lower one");
    return {
      kind: "and",
      parts: [this.#compare(left, ">=", low), this.#compare(left, "<=", high)],
    };
  }

  #in(field: Field): Condition {
    this.#expect("symbol", "(");
    const texts: string[] = [];
    const numbers: number[] = [];
    do {
      const { node, at } = this.#primary();
      if (texts.length + numbers.length === SQL_LIST_MAX)
        throw sqlError(this.#sql, at, `the list has more than ${SQL_LIST_MAX} values`);
      if (node.kind === "text") texts.push(node.value);
      else if (node.kind === "number") numbers.push(node.value);
      else throw sqlError(this.#sql, at, "a list has texts or numbers only");
      if (texts.length > 0 && numbers.length > 0)
        throw sqlError(this.#sql, at, "a list has texts or numbers, not both");
    } while (this.#take("symbol", ","));
    this.#expect("symbol", ")");
    return texts.length > 0
      ? { kind: "in-texts", field, list: texts }
      : { kind: "in-numbers", field, list: numbers };
  }

  #like(field: Field): Condition {
    const { at } = this.#token;
    const text = this.#text("behind LIKE");
    const sign = this.#take("keyword", "ESCAPE") ? this.#escape() : undefined;
    const pattern = likePattern(text, sign);
    if (pattern === undefined) throw sqlError(this.#sql, at, "the pattern ends with its escape character");
    return { kind: "match", field, pattern };
  }

  #escape(): string {
    const { at } = this.#token;
    const text = this.#text("behind ESCAPE");
    if ([...text].length === 1) return text;
    throw sqlError(this.#sql, at, "ESCAPE is followed by a text of one character");
  }

  #compare(left: Placed<Node>, comparator: Comparator, right: Placed<Node>): Condition {
    const sides = [left, right].map((side) => this.#comparable(side, comparator));
    const kinds = sides.map(({ kind }) => kind).filter((kind): kind is ComparedAs => kind !== "field");
    if (kinds.length === 2 && kinds[0] !== kinds[1])
      throw sqlError(this.#sql, right.at, `a ${kinds[0]} cannot be compared with a ${kinds[1]}`);
    const as = kinds[0] ?? (comparator === "=" || comparator === "<>" ? "text" : "number");
    return { kind: "compare", comparator, as, left: sides[0]!, right: sides[1]! };
  }

  #comparable({ node, at }: Placed<Node>, comparator: Comparator): Operand & { kind: ComparedAs | "field" } {
    if (!isOperand(node))
      throw sqlError(this.#sql, at, "a condition cannot be compared: join it with AND or OR");
    if (node.kind === "null")
      throw sqlError(this.#sql, at, "nothing compares with NULL: ask IS NULL or IS NOT NULL");
    if ((node.kind === "text" || node.kind === "boolean") && comparator !== "=" && comparator !== "<>")
      throw sqlError(
        this.#sql,
        at,
        `a ${node.kind} is compared by = and <> only, numbers by ${comparator} too`,
      );
    return node;
  }

  #primary(): Placed<Node> {
    const { kind, text, at } = this.#token;
    if (this.#take("symbol", "(")) {
      const { node } = this.#deeper(at, () => this.#or());
      this.#expect("symbol", ")");
      return { node, at };
    }
    if (this.#at("symbol", "-") || this.#at("symbol", "+")) return { node: this.#signed(), at };
    const node = this.#value();
    if (node === undefined) throw this.#unexpected("a property or a value");
    this.#next++;
    if (kind === "quoted-name" && Buffer.byteLength(text) > MESSAGE_LIMITS.propertyBytesMax)
      throw sqlError(this.#sql, at, "no property has such a long name");
    return { node, at };
  }

  #value(): Operand | undefined {
    const { kind, text } = this.#token;
    if (kind === "number") return this.#number(1);
    if (kind === "text") return { kind: "text", value: text };
    if (kind === "quoted-name") return { kind: "field", property: text };
    if (kind === "name")
      return { kind: "field", property: text === "tag" || text === "TAGS" ? undefined : text };
    if (kind !== "keyword") return undefined;
    if (text === "NULL") return { kind: "null" };
    return text === "TRUE" || text === "FALSE" ? { kind: "boolean", value: text === "TRUE" } : undefined;
  }

  #signed(): Operand {
    const sign = this.#advance().text === "-" ? -1 : 1;
    if (this.#token.kind !== "number") throw this.#unexpected("a number behind its sign");
    const number = this.#number(sign);
    this.#next++;
    return number;
  }

  #number(sign: number): Operand {
    const { text, at } = this.#token;
    const value = sign * Number(text);
    if (Math.abs(value) <= Number.MAX_SAFE_INTEGER) return { kind: "number", value };
    throw sqlError(
      this.#sql,
      at,
      `${text} is beyond 2^53 and would be rounded: compare it as a text, '${text}'`,
    );
  }

  /** A property alone is a condition: that it is true. */
  #condition({ node, at }: Placed<Node>): Condition {
    if (!isOperand(node)) return node;
    if (node.kind === "boolean") return { kind: "constant", value: node.value ? TRUE : FALSE };
    if (node.kind === "null") return { kind: "constant", value: UNKNOWN };
    if (node.kind === "field") {
      const right = { kind: "boolean", value: true } as const;
      return { kind: "compare", comparator: "=", as: "boolean", left: node, right };
    }
    throw sqlError(this.#sql, at, `a ${node.kind} alone is no condition: compare it with something`);
  }

  #field({ node, at }: Placed<Node>, what: string): Field {
    if (node.kind === "field") return node;
    throw sqlError(this.#sql, at, `${what} stands behind the name of a property`);
  }

  #text(where: string): string {
    if (this.#token.kind !== "text") throw this.#unexpected(`a text in '…' ${where}`);
    return this.#advance().text;
  }

  #deeper<T>(at: number, read: () => T): T {
    if (++this.#depth > SQL_DEPTH_MAX)
      throw sqlError(this.#sql, at, `more than ${SQL_DEPTH_MAX} parentheses and NOTs within each other`);
    const node = read();
    this.#depth--;
    return node;
  }

  get #token(): Token {
    return this.#tokens[this.#next]!;
  }

  #advance(): Token {
    return this.#tokens[this.#next++]!;
  }

  #at(kind: Token["kind"], text: string): boolean {
    return this.#token.kind === kind && this.#token.text === text;
  }

  #take(kind: Token["kind"], text: string): boolean {
    const taken = this.#at(kind, text);
    if (taken) this.#next++;
    return taken;
  }

  #expect(kind: Token["kind"], text: string): void {
    if (!this.#take(kind, text)) throw this.#unexpected(`"${text}"`);
  }

  #unexpected(wanted: string): Error {
    const { kind, text, at } = this.#token;
    const found = kind === "end" ? "the filter ends" : `there is ${JSON.stringify(text)}`;
    return sqlError(this.#sql, at, `${wanted} is missing; ${found} here`);
  }
}

function negated(not: boolean, part: Condition): Condition {
  return not ? { kind: "not", part } : part;
}
