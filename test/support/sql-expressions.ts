/** A value of a random SQL filter, with the text that stands for it. */
export type Value =
  | { readonly is: "property" | "text" | "number"; readonly text: string }
  | { readonly is: "boolean"; readonly text: "true" | "false" };

/** A random SQL filter: what a generator made, not what a parser read. */
export type Expression =
  | { readonly is: "and" | "or"; readonly left: Expression; readonly right: Expression }
  | { readonly is: "not"; readonly of: Expression }
  | { readonly is: "constant"; readonly truth: boolean | null }
  | { readonly is: "bare" | "null" | "not null"; readonly name: string }
  | { readonly is: "compare"; readonly sign: string; readonly left: Value; readonly right: Value }
  | {
      readonly is: "between";
      readonly not: boolean;
      readonly what: Value;
      readonly low: Value;
      readonly high: Value;
    }
  | { readonly is: "in"; readonly not: boolean; readonly name: string; readonly list: readonly Value[] }
  | {
      readonly is: "like" | "contains" | "startswith" | "endswith";
      readonly not: boolean;
      readonly name: string;
      readonly text: string;
      readonly sign?: string;
    };

/** What a message has: properties by name, and the tag under `TAG`. */
export type Having = ReadonlyMap<string, string>;

/** The name of the tag among properties here. */
export const TAG = "\u0000tag";

const NAMES = [
  "price",
  "region",
  "urgent",
  "a",
  "x.y",
  "_u$1",
  "tag",
  "odd name",
  'quo"ted',
  "größe",
  "in",
  TAG,
];
const TEXTS = [
  "eu",
  "us",
  "abc",
  "a_b",
  "a%b",
  "it's",
  "",
  "10",
  "true",
  "ü",
  "日本",
  "aab",
  "aaab",
  "abab",
  "b",
];
const NUMBERS = [
  "10",
  "9.5",
  "-3",
  "1e3",
  "0",
  "10.0",
  ".5",
  "007",
  "+7",
  "5.",
  "-0",
  "9007199254740991",
  "0.1",
];
const VALUES = [
  ...[
    ...TEXTS,
    ...NUMBERS,
    "FALSE",
    "True",
    "0x10",
    " 5",
    "5 ",
    "1e",
    "e1",
    ".",
    "+",
    "-",
    "--1",
    "1.2.3",
    "NaN",
  ],
  ...[
    "Infinity",
    "1e999",
    "-1e999",
    "1e-400",
    "9007199254740993",
    "99999999999999999999",
    "0.30000000000000004",
  ],
  ...[
    "12345678901234567",
    "0.1234567890123456789",
    "1,000",
    "١",
    "1".repeat(64),
    "1".repeat(65),
    "tru",
    "falſe",
  ],
];
const PATTERNS = [
  "%",
  "_",
  "a%",
  "%b",
  "a_b",
  "%a_b%",
  "a!%b",
  "!_",
  "日_",
  "__",
  "%a%b%",
  "%%",
  "a%b%c",
  "_%ü",
  "aa%ab",
];
const SIGNS = ["=", "<>", "<", "<=", ">", ">="];

/** Makes random filters and messages. */
export class SqlExpressions {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  having(): Having {
    const names = NAMES.filter(() => this.#random() < 0.7);
    return new Map(
      names.map((name) => [name, this.#pick(VALUES)] as const).filter(([n, v]) => n !== TAG || v !== ""),
    );
  }

  expression(depth = 3): Expression {
    const roll = this.#random();
    if (depth === 0 || roll < 0.4) return this.#predicate();
    if (roll < 0.55) return { is: "not", of: this.expression(depth - 1) };
    const is = roll < 0.78 ? "and" : "or";
    return { is, left: this.expression(depth - 1), right: this.expression(depth - 1) };
  }

  /** The filter in SQL, in one of its spellings. */
  write(expression: Expression): string {
    const text = this.#write(expression);
    return this.#random() < 0.1 ? ` ${this.#inParentheses(text)}\t` : text;
  }

  #predicate(): Expression {
    const name = this.#pick(NAMES);
    const not = this.#random() < 0.3;
    switch (Math.floor(this.#random() * 9)) {
      case 0:
        return { is: "constant", truth: this.#pick([true, false, null]) };
      case 1:
        return { is: this.#pick(["bare", "null", "not null"] as const), name };
      case 2:
        return this.#between(not);
      case 3: {
        const is = this.#pick(["text", "number"] as const);
        const list = Array.from({ length: 1 + Math.floor(this.#random() * 4) }, () => this.#literal(is));
        return { is: "in", not, name, list };
      }
      case 4: {
        const sign = this.#random() < 0.5 ? {} : { sign: this.#pick(["!", "ü", "a"]) };
        const text = this.#pick(PATTERNS);
        return { is: "like", not, name, text, ...(fits(text, sign.sign) ? sign : {}) };
      }
      case 5: {
        const text = this.#pick(TEXTS.filter((each) => each !== ""));
        return { is: this.#pick(["contains", "startswith", "endswith"] as const), not, name, text };
      }
      default:
        return this.#comparison();
    }
  }

  #between(not: boolean): Expression {
    const bound = (): Value => (this.#random() < 0.3 ? this.#property() : this.#literal("number"));
    const bounds = [bound(), bound()] as [Value, Value];
    if (bounds.every(({ is }) => is === "number")) bounds.sort((a, b) => Number(a.text) - Number(b.text));
    return { is: "between", not, what: this.#property(), low: bounds[0], high: bounds[1] };
  }

  #comparison(): Expression {
    const kind = this.#pick(["text", "number", "boolean", "property"] as const);
    const sign = kind === "text" || kind === "boolean" ? this.#pick(["=", "<>"]) : this.#pick(SIGNS);
    const value = (): Value => (kind === "property" ? this.#property() : this.#literal(kind));
    const sides = [this.#random() < 0.05 ? value() : this.#property(), value()] as [Value, Value];
    if (this.#random() < 0.3) sides.reverse();
    return { is: "compare", sign, left: sides[0], right: sides[1] };
  }

  #property(): Value {
    return { is: "property", text: this.#pick(NAMES) };
  }

  #literal(is: "text" | "number" | "boolean"): Value {
    if (is === "boolean") return { is, text: this.#pick(["true", "false"] as const) };
    return { is, text: this.#pick(is === "text" ? TEXTS : NUMBERS) };
  }

  #write(e: Expression): string {
    switch (e.is) {
      case "and":
      case "or": {
        const join = this.#words(` ${e.is} `);
        return `${this.#part(e.left, e.is)}${join}${this.#part(e.right, e.is)}`;
      }
      case "not":
        return `${this.#words("not")} ${this.#part(e.of, "not")}`;
      case "constant":
        return this.#words(String(e.truth));
      case "bare":
        return this.#name(e.name);
      case "null":
      case "not null":
        return `${this.#name(e.name)} ${this.#words(`is ${e.is}`)}`;
      case "compare":
        return `${this.#value(e.left)}${this.#space()}${e.sign}${this.#space()}${this.#value(e.right)}`;
      case "between": {
        const bounds = `${this.#value(e.low)} ${this.#words("and")} ${this.#value(e.high)}`;
        return `${this.#value(e.what)}${this.#not(e.not)} ${this.#words("between")} ${bounds}`;
      }
      case "in": {
        const list = e.list.map((value) => this.#value(value)).join(`,${this.#space()}`);
        return `${this.#name(e.name)}${this.#not(e.not)} ${this.#words("in")}${this.#space()}(${list})`;
      }
      default: {
        const sign = e.sign === undefined ? "" : ` ${this.#words("escape")} ${quoted(e.sign)}`;
        return `${this.#name(e.name)}${this.#not(e.not)} ${this.#words(e.is)} ${quoted(e.text)}${sign}`;
      }
    }
  }

  /** AND binds more than OR, NOT more than both; parentheses where that is not meant, and sometimes where it is. */
  #part(e: Expression, within: "and" | "or" | "not"): string {
    const binds = { or: 1, and: 2, not: 3 };
    const own = e.is === "and" || e.is === "or" || e.is === "not" ? binds[e.is] : 4;
    const text = this.#write(e);
    return own < binds[within] || this.#random() < 0.2 ? this.#inParentheses(text) : text;
  }

  #inParentheses(text: string): string {
    return `(${this.#space()}${text}${this.#space()})`;
  }

  #value({ is, text }: Value): string {
    const plain = is === "text" ? quoted(text) : is === "property" ? this.#name(text) : this.#words(text);
    return this.#random() < 0.05 ? this.#inParentheses(plain) : plain;
  }

  #name(name: string): string {
    if (name === TAG) return this.#pick(["tag", "TAGS"]);
    const plain = /^[a-z_][a-z0-9_.$]*$/.test(name) && name !== "tag" && name !== "in";
    return plain && this.#random() < 0.8 ? name : `"${name.replaceAll('"', '""')}"`;
  }

  #not(not: boolean): string {
    return not ? ` ${this.#words("not")}` : "";
  }

  #words(text: string): string {
    return this.#random() < 0.5 ? text.toUpperCase() : text;
  }

  #space(): string {
    return this.#pick(["", " ", "  ", "\n"]);
  }

  #pick<T>(things: readonly T[]): T {
    return things[Math.floor(this.#random() * things.length)]!;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Whether no escape sign stands last in the pattern, without one of its own before it. */
function fits(text: string, sign: string | undefined): boolean {
  return sign === undefined || !text.replaceAll(new RegExp(`${sign}[^]`, "gu"), "").endsWith(sign);
}
