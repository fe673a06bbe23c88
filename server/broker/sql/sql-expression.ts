import type { Pattern } from "./sql-pattern.js";

/** Three-valued logic: AND is the least, OR the greatest, NOT what is left to TRUE. */
export const FALSE = 0;
export const UNKNOWN = 1;
export const TRUE = 2;

export type Truth = typeof FALSE | typeof UNKNOWN | typeof TRUE;

/** A property of the message, or its tag. NULL where the message has none. */
export interface Field {
  readonly kind: "field";
  /** Undefined: the tag. */
  readonly property: string | undefined;
}

/** What stands in the filter itself. */
export type Literal =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "null" };

export type Operand = Field | Literal;

export type Comparator = "=" | "<>" | "<" | "<=" | ">" | ">=";

/** What two operands are compared as; a property that cannot be read as that makes the comparison unknown. */
export type ComparedAs = "number" | "text" | "boolean";

/** What is true, false or unknown of a message. */
export type Condition =
  | { readonly kind: "constant"; readonly value: Truth }
  | { readonly kind: "and" | "or"; readonly parts: readonly Condition[] }
  | { readonly kind: "not"; readonly part: Condition }
  | {
      readonly kind: "compare";
      readonly comparator: Comparator;
      readonly as: ComparedAs;
      readonly left: Operand;
      readonly right: Operand;
    }
  | { readonly kind: "is-null"; readonly field: Field }
  | { readonly kind: "in-texts"; readonly field: Field; readonly list: readonly string[] }
  | { readonly kind: "in-numbers"; readonly field: Field; readonly list: readonly number[] }
  | { readonly kind: "match"; readonly field: Field; readonly pattern: Pattern };

/** Whether a part of a filter is a value, which can be compared, and no condition. */
export function isOperand(node: Operand | Condition): node is Operand {
  switch (node.kind) {
    case "field":
    case "number":
    case "text":
    case "boolean":
    case "null":
      return true;
    default:
      return false;
  }
}
