import {
  type Comparator,
  type Condition,
  FALSE,
  type Field,
  type Operand,
  TRUE,
  type Truth,
  UNKNOWN,
} from "./sql-expression.js";
import { equals, type SqlFields } from "./sql-fields.js";

import { booleanIn, numberIn } from "./sql-values.js";

/** A condition as a function of a message's fields. */
export type Test = (fields: SqlFields) => Truth;

type Compare = Condition & { readonly kind: "compare" };

const HOLDS: Readonly<Record<Comparator, (a: number, b: number) => boolean>> = {
  "=": (a, b) => a === b,
  "<>": (a, b) => a !== b,
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
};

/** The condition as closures; `slotOf` says where the fields of a message have a property, 0 for the tag. */
export function compile(condition: Condition, slotOf: (field: Field) => number): Test {
  const { kind } = condition;
  switch (kind) {
    case "constant":
      return () => condition.value;
    case "not": {
      const part = compile(condition.part, slotOf);
      return (fields) => (TRUE - part(fields)) as Truth;
    }
    case "and":
    case "or": {
      const parts = condition.parts.map((part) => compile(part, slotOf));
      return kind === "and" ? least(parts) : greatest(parts);
    }
    case "compare":
      return comparison(condition, slotOf);
    case "is-null": {
      const slot = slotOf(condition.field);
      return (fields) => (fields.start(slot) < 0 ? TRUE : FALSE);
    }
    case "in-texts": {
      const list = condition.list.map((text) => Buffer.from(text));
      return onText(slotOf(condition.field), (bytes, start, end) =>
        list.some((text) => equals(text, bytes, start, end)),
      );
    }
    case "in-numbers":
      return inNumbers(numberOf(condition.field, slotOf), new Set(condition.list));
    case "match": {
      const { pattern } = condition;
      return onText(slotOf(condition.field), (bytes, start, end) => pattern.fits(bytes, start, end));
    }
  }
}

function least(parts: readonly Test[]): Test {
  return (fields) => {
    let truth: Truth = TRUE;
    for (let i = 0; i < parts.length && truth !== FALSE; i++) {
      const part = parts[i]!(fields);
      if (part < truth) truth = part;
    }
    return truth;
  };
}

function greatest(parts: readonly Test[]): Test {
  return (fields) => {
    let truth: Truth = FALSE;
    for (let i = 0; i < parts.length && truth !== TRUE; i++) {
      const part = parts[i]!(fields);
      if (part > truth) truth = part;
    }
    return truth;
  };
}

/** Unknown where the message does not have the field. */
function onText(slot: number, holds: (bytes: Buffer, start: number, end: number) => boolean): Test {
  return (fields) => {
    const start = fields.start(slot);
    if (start < 0) return UNKNOWN;
    return holds(fields.bytes, start, fields.end(slot)) ? TRUE : FALSE;
  };
}

function comparison(condition: Compare, slotOf: (field: Field) => number): Test {
  const { as, left, right, comparator } = condition;
  if (as === "text") return textComparison(condition, slotOf);
  const read = as === "number" ? numberOf : booleanOf;
  const [a, b] = [read(left, slotOf), read(right, slotOf)];
  const holds = HOLDS[comparator];
  return (fields) => {
    const one = a(fields);
    const other = b(fields);
    if (Number.isNaN(one) || Number.isNaN(other)) return UNKNOWN;
    return holds(one, other) ? TRUE : FALSE;
  };
}

/** An operand as a number; NaN where it is unknown. */
function numberOf(operand: Operand, slotOf: (field: Field) => number): (fields: SqlFields) => number {
  if (operand.kind === "number") return () => operand.value;
  return onField(operand, slotOf, numberIn);
}

/** An operand as 1 for true and 0 for false; NaN where it is unknown. */
function booleanOf(operand: Operand, slotOf: (field: Field) => number): (fields: SqlFields) => number {
  if (operand.kind === "boolean") return () => Number(operand.value);
  return onField(operand, slotOf, (bytes, start, end) => Number(booleanIn(bytes, start, end)));
}

function onField(
  operand: Operand,
  slotOf: (field: Field) => number,
  read: (bytes: Buffer, start: number, end: number) => number,
): (fields: SqlFields) => number {
  if (operand.kind !== "field") return () => Number.NaN;
  const slot = slotOf(operand);
  return (fields) => {
    const start = fields.start(slot);
    return start < 0 ? Number.NaN : read(fields.bytes, start, fields.end(slot));
  };
}

function inNumbers(value: (fields: SqlFields) => number, list: ReadonlySet<number>): Test {
  return (fields) => {
    const number = value(fields);
    if (Number.isNaN(number)) return UNKNOWN;
    return list.has(number) ? TRUE : FALSE;
  };
}

function textComparison(condition: Compare, slotOf: (field: Field) => number): Test {
  const [field, other] =
    condition.left.kind === "field" ? [condition.left, condition.right] : [condition.right, condition.left];
  const equal = condition.comparator === "=";
  if (field.kind === "text" && other.kind === "text") {
    const truth = (field.value === other.value) === equal ? TRUE : FALSE;
    return () => truth;
  }
  if (field.kind !== "field") return () => UNKNOWN;
  if (other.kind === "text") {
    const text = Buffer.from(other.value);
    return onText(slotOf(field), (bytes, start, end) => equals(text, bytes, start, end) === equal);
  }
  return other.kind === "field" ? sameText(slotOf(field), slotOf(other), equal) : () => UNKNOWN;
}

function sameText(one: number, other: number, equal: boolean): Test {
  return (fields) => {
    const [start, otherStart] = [fields.start(one), fields.start(other)];
    if (start < 0 || otherStart < 0) return UNKNOWN;
    const { bytes } = fields;
    const same = bytes.compare(bytes, otherStart, fields.end(other), start, fields.end(one)) === 0;
    return same === equal ? TRUE : FALSE;
  };
}
