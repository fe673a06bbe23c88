import { type Expression, type Having, TAG, type Value } from "./sql-expressions.js";

/** What the most naive reading of the language says of a message: true, false, or null for unknown. */
export function evaluate(e: Expression, having: Having): boolean | null {
  const text = (name: string): string | null => having.get(name) ?? null;
  switch (e.is) {
    case "and": {
      const sides = [evaluate(e.left, having), evaluate(e.right, having)];
      return sides.includes(false) ? false : sides.includes(null) ? null : true;
    }
    case "or": {
      const sides = [evaluate(e.left, having), evaluate(e.right, having)];
      return sides.includes(true) ? true : sides.includes(null) ? null : false;
    }
    case "not":
      return negated(evaluate(e.of, having));
    case "constant":
      return e.truth;
    case "bare":
      return booleanOf(text(e.name));
    case "null":
      return text(e.name) === null;
    case "not null":
      return text(e.name) !== null;
    case "compare":
      return compared(e.left, e.sign, e.right, having);
    case "between": {
      const parts = [compared(e.what, ">=", e.low, having), compared(e.what, "<=", e.high, having)];
      const within = parts.includes(false) ? false : parts.includes(null) ? null : true;
      return e.not ? negated(within) : within;
    }
    case "in": {
      const found = e.list.map((value) => compared({ is: "property", text: e.name }, "=", value, having));
      const within = found.includes(true) ? true : found.includes(null) ? null : false;
      return e.not ? negated(within) : within;
    }
    default: {
      const value = text(e.name);
      if (value === null) return null;
      const found = looksLike(e, value);
      return e.not ? !found : found;
    }
  }
}

function negated(truth: boolean | null): boolean | null {
  return truth === null ? null : !truth;
}

function looksLike(
  e: Extract<Expression, { is: "like" | "contains" | "startswith" | "endswith" }>,
  value: string,
): boolean {
  if (e.is === "contains") return value.includes(e.text);
  if (e.is === "startswith") return value.startsWith(e.text);
  if (e.is === "endswith") return value.endsWith(e.text);
  let pattern = "";
  const characters = [...e.text];
  for (let i = 0; i < characters.length; i++) {
    if (characters[i] === e.sign) pattern += escaped(characters[++i]!);
    else if (characters[i] === "%") pattern += ".*";
    else pattern += characters[i] === "_" ? "." : escaped(characters[i]!);
  }
  return new RegExp(`^${pattern}$`, "su").test(value);
}

function compared(left: Value, sign: string, right: Value, having: Having): boolean | null {
  const kind = [left, right].map(({ is }) => is).find((is) => is !== "property");
  const ordered = sign !== "=" && sign !== "<>";
  const read = ({ is, text }: Value): string | number | boolean | null => {
    const value = is === "property" ? (having.get(text) ?? null) : text;
    if (kind === "number" || (kind === undefined && ordered)) return numberOf(value);
    return kind === "boolean" ? booleanOf(value) : value;
  };
  const [a, b] = [read(left), read(right)];
  if (a === null || b === null) return null;
  switch (sign) {
    case "=":
      return a === b;
    case "<>":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    default:
      return a >= b;
  }
}

function numberOf(text: string | null): number | null {
  if (text === null || text.length > 64) return null;
  const written = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text);
  return written && Number.isFinite(Number(text)) ? Number(text) : null;
}

function booleanOf(text: string | null): boolean | null {
  if (text === null || !/^(true|false)$/i.test(text)) return null;
  return text.toLowerCase() === "true";
}

/** The message that has these. */
export function messageOf(having: Having): {
  body: Buffer;
  tag: string;
  keys: string[];
  properties: Record<string, string>;
} {
  const properties = Object.fromEntries([...having].filter(([name]) => name !== TAG));
  return { body: Buffer.from("body"), tag: having.get(TAG) ?? "", keys: ["k"], properties };
}

function escaped(character: string): string {
  return "^$\\.*+?()[]{}|/".includes(character) ? `\\${character}` : character;
}
