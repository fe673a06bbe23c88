import type { MessageTypeDefinition, PackageDefinition } from "@grpc/proto-loader";
import { LogwheelError } from "./errors.js";

/** A part of a message's descriptor. */
interface FieldDescriptor {
  readonly name: string;
  readonly type: string;
  readonly typeName: string;
}

/** Whole numbers that a field can carry. */
type Bounds = readonly [least: number, most: number];

const UNSIGNED_32: Bounds = [0, 2 ** 32 - 1];
const SIGNED_32: Bounds = [-(2 ** 31), 2 ** 31 - 1];
const UNSIGNED_64: Bounds = [0, Number.MAX_SAFE_INTEGER];
const SIGNED_64: Bounds = [-Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER];

/** Of 64 bits what a double holds exactly. */
const BOUNDS: Readonly<Record<string, Bounds>> = {
  TYPE_UINT32: UNSIGNED_32,
  TYPE_FIXED32: UNSIGNED_32,
  TYPE_INT32: SIGNED_32,
  TYPE_SINT32: SIGNED_32,
  TYPE_SFIXED32: SIGNED_32,
  TYPE_UINT64: UNSIGNED_64,
  TYPE_FIXED64: UNSIGNED_64,
  TYPE_INT64: SIGNED_64,
  TYPE_SINT64: SIGNED_64,
  TYPE_SFIXED64: SIGNED_64,
};

/**
 * The fields of one type of message that hold numbers, themselves or further in. The library wraps and rounds what does
 * not fit. Maps are of texts in this contract.
 */
export class NumberFields {
  readonly #type: string;
  readonly #bounds: { readonly name: string; readonly bounds: Bounds }[] = [];
  /** Given by name or by number. */
  readonly #enums: string[] = [];
  readonly #inner: { readonly name: string; readonly fields: NumberFields }[] = [];

  private constructor(type: string) {
    this.#type = type;
  }

  /** `known`: what was made before, and where this goes; types hold each other. */
  static of(
    type: string,
    definitions: PackageDefinition,
    known: Map<string, NumberFields> = new Map(),
  ): NumberFields {
    const made = known.get(type);
    if (made !== undefined) return made;
    const fields = new NumberFields(type);
    known.set(type, fields);
    const { field } = (definitions[type] as MessageTypeDefinition<object, object>).type as {
      readonly field: readonly FieldDescriptor[];
    };
    for (const { name, type: kind, typeName } of field) {
      const bounds = BOUNDS[kind];
      // Of the same package, or with its own.
      const inner = [`${type.slice(0, type.lastIndexOf("."))}.${typeName}`, typeName].find(
        (each) => each in definitions,
      );
      if (bounds !== undefined) fields.#bounds.push({ name, bounds });
      else if (kind === "TYPE_ENUM") fields.#enums.push(name);
      else if (kind === "TYPE_MESSAGE" && inner !== undefined)
        fields.#inner.push({ name, fields: NumberFields.of(inner, definitions, known) });
    }
    return fields;
  }

  /** Throws BAD_REQUEST that names message, field and bounds for the first number that does not fit. */
  check(message: object): void {
    const values = message as Readonly<Record<string, unknown>>;
    for (const { name, bounds } of this.#bounds) this.#checkNumbers(name, values[name], bounds);
    for (const name of this.#enums)
      if (typeof values[name] !== "string") this.#checkNumbers(name, values[name], SIGNED_32);
    for (const { name, fields } of this.#inner) {
      const value = values[name];
      if (Array.isArray(value)) for (const item of value) fields.check(item);
      else if (typeof value === "object" && value !== null) fields.check(value);
    }
  }

  #checkNumbers(name: string, value: unknown, bounds: Bounds): void {
    if (value === undefined || value === null) return;
    if (Array.isArray(value)) for (const item of value) this.#checkNumber(name, item, bounds);
    else this.#checkNumber(name, value, bounds);
  }

  #checkNumber(name: string, value: unknown, [least, most]: Bounds): void {
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= most) return;
    throw new LogwheelError(
      "BAD_REQUEST",
      `${name} of ${this.#type} is ${String(value)}; it is a whole number from ${least} to ${most}`,
    );
  }
}
