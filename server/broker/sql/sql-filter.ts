import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { recordContentStart } from "../../../proto/kernel/record.js";
import type { MessageFilter } from "../filter.js";
import { checkFilterLength } from "../filter-text.js";
import { compile, type Test } from "./sql-compiler.js";
import { type Condition, type Field, type Operand, TRUE } from "./sql-expression.js";
import { SqlFields } from "./sql-fields.js";
import { canonical, tokensOf } from "./sql-lexer.js";
import { SqlParser } from "./sql-parser.js";

/** Wants messages by their properties and tag, for which a condition in SQL is true: neither false nor unknown. */
export class SqlFilter implements MessageFilter {
  readonly kind = "SQL";
  readonly loose = true;
  readonly expression: string;
  readonly hashes: ReadonlySet<number> | undefined;
  readonly #fields: SqlFields;
  readonly #test: Test;

  private constructor(expression: string, condition: Condition) {
    this.expression = expression;
    const tags = tagsOf(condition);
    this.hashes = tags === undefined ? undefined : new Set([...tags].map(fnv1aOf));
    const names: string[] = [];
    this.#test = compile(condition, (field) => slotOf(field, names));
    this.#fields = new SqlFields(names);
  }

  /** Reads the language of docs/filters.md; FILTER_INVALID says what is wrong with anything else, and in which column. */
  static parse(sql: string): SqlFilter {
    checkFilterLength("SQL", sql);
    const tokens = tokensOf(sql);
    return new SqlFilter(canonical(tokens), new SqlParser(sql, tokens).parse());
  }

  wants(bytes: Buffer, start: number, end: number): boolean {
    this.#fields.scan(bytes, recordContentStart(start), end);
    return this.#test(this.#fields) === TRUE;
  }
}

/** Place of a field in `SqlFields`; new names are added. */
function slotOf({ property }: Field, names: string[]): number {
  if (property === undefined) return 0;
  const at = names.indexOf(property);
  return at >= 0 ? at + 1 : names.push(property);
}

/** Tags of which one is that of every message for which the condition is true; undefined if it may be any. */
function tagsOf(condition: Condition): ReadonlySet<string> | undefined {
  switch (condition.kind) {
    case "compare": {
      const { left, right, comparator } = condition;
      if (comparator !== "=") return undefined;
      if (isTag(left) && right.kind === "text") return new Set([right.value]);
      return isTag(right) && left.kind === "text" ? new Set([left.value]) : undefined;
    }
    case "in-texts":
      return isTag(condition.field) ? new Set(condition.list) : undefined;
    case "and":
      return condition.parts.map(tagsOf).find((tags) => tags !== undefined);
    case "or": {
      const all = condition.parts.map(tagsOf);
      if (all.includes(undefined)) return undefined;
      return new Set(all.flatMap((tags) => [...(tags ?? [])]));
    }
    default:
      return undefined;
  }
}

function isTag(operand: Operand): boolean {
  return operand.kind === "field" && operand.property === undefined;
}
