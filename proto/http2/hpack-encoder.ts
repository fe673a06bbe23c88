import { STATIC_FIELDS } from "./hpack-table.js";

const INDEXED = 0x80;
const LITERAL = 0x00;

/** Before a header block: our encoder has a table of no bytes from now on (RFC 7541 6.3). It never has more. */
export const NO_TABLE = Buffer.of(0x20);

/** Bytes of a header beside its texts: the name's length or index and the value's length, five each. */
const HEAD_BYTES_MAX = 10;

/** The first index of each name; indexes of one name follow one another. */
const FIRST_INDEX: ReadonlyMap<string, number> = new Map(
  STATIC_FIELDS.map((field, at) => [field.name.text, at + 1] as const).reverse(),
);

/**
 * A header block that means the same on every connection and at any time, because it touches no table: it can be made
 * once and sent again. Pseudo headers go first, names in small letters; a character is a byte of latin1.
 */
export function encodeHeaders(fields: readonly (readonly [name: string, value: string])[]): Buffer {
  let room = 0;
  for (const [name, value] of fields) room += name.length + value.length + HEAD_BYTES_MAX;
  const bytes = Buffer.allocUnsafe(room);
  let at = 0;
  for (const [name, value] of fields) at = writeField(bytes, at, name, value);
  return bytes.subarray(0, at);
}

function writeField(bytes: Buffer, at: number, name: string, value: string): number {
  const first = FIRST_INDEX.get(name) ?? 0;
  if (first === 0) {
    bytes[at] = LITERAL;
    return writeText(bytes, writeText(bytes, at + 1, name), value);
  }
  for (let index = first; STATIC_FIELDS[index - 1]?.name.text === name; index++)
    if (STATIC_FIELDS[index - 1]!.value === value) return writeNumber(bytes, at, INDEXED, 0x7f, index);
  return writeText(bytes, writeNumber(bytes, at, LITERAL, 0x0f, first), value);
}

/** A number in the bits of `mask` and as many more bytes as it takes (RFC 7541 5.1). */
function writeNumber(bytes: Buffer, at: number, kind: number, mask: number, value: number): number {
  if (value < mask) {
    bytes[at] = kind | value;
    return at + 1;
  }
  bytes[at++] = kind | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at] = rest;
  return at + 1;
}

function writeText(bytes: Buffer, at: number, text: string): number {
  const start = writeNumber(bytes, at, 0, 0x7f, text.length);
  return start + bytes.write(text, start, "latin1");
}
