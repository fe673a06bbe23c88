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
  readonly #bounds = new Map<string, Bounds>();
  /** Given by name or by number. */
  readonly #enums = new Set<string>();
  readonly #inner = new Map<string, NumberFields>();

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
      if (bounds !== undefined) fields.#bounds.set(name, bounds);
      else if (kind === "TYPE_ENUM") fields.#enums.add(name);
      else if (kind === "TYPE_MESSAGE" && inner !== undefined)
        fields.#inner.set(name, NumberFields.of(inner, definitions, known));
    }
    return fields;
  }

  /** Throws BAD_REQUEST that names message, field and bounds for the first number that does not fit. */
  check(message: object): void {
    for (const [name, value] of Object.entries(message)) {
      if (value === undefined || value === null) continue;
      const bounds = this.#bounds.get(name);
      if (bounds !== undefined) this.#checkNumbers(name, value, bounds);
      else if (this.#enums.has(name) && typeof value !== "string") this.#checkNumbers(name, value, SIGNED_32);
      else if (typeof value === "object") this.#checkInner(this.#inner.get(name), value);
    }
  }

  #checkNumbers(name: string, value: unknown, [least, most]: Bounds): void {
    for (const item of Array.isArray(value) ? value : [value])
      if (!Number.isInteger(item) || item < least || item > most)
        throw new LogwheelError(
          "BAD_REQUEST",
          `${name} of ${this.#type} is ${String(item)}; it is a whole number from ${least} to ${most}`,
        );
  }

  #checkInner(inner: NumberFields | undefined, value: object): void {
    if (inner === undefined) return;
    if (Array.isArray(value)) for (const item of value) inner.check(item);
    else inner.check(value);
  }
}
