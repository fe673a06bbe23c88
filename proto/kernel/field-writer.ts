import { textSize, varintSize, type WireWriter, writeText, writeVarint } from "./wire.js";

/** The most bytes of a field's tag and of the number behind it; of tags up to field 15, which have one byte. */
export const NUMBER_BYTES_MAX = 12;

/** Bytes of a number's field, whose tag has one byte: none for 0. */
export function numberFieldSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

/** Writes a number's field, whose tag has one byte; 0 is left out. */
export function writeNumberField(out: WireWriter, tag: number, value: number): void {
  if (value === 0) return;
  out.reserve(NUMBER_BYTES_MAX);
  out.bytes[out.at] = tag;
  out.at = writeVarint(out.bytes, out.at + 1, value);
}

/** Bytes of a text's field, whose tag has one byte: none for an empty one. */
export function textFieldSize(text: string): number {
  const size = textSize(text);
  return size === 0 ? 0 : 1 + varintSize(size) + size;
}

/** Writes a text's field, whose tag has one byte; an empty one is left out. */
export function writeTextField(out: WireWriter, tag: number, text: string): void {
  const size = textSize(text);
  if (size === 0) return;
  out.reserve(size + NUMBER_BYTES_MAX);
  out.bytes[out.at] = tag;
  out.at = writeText(out.bytes, writeVarint(out.bytes, out.at + 1, size), text, size);
}

/** Writes the tag, which has one byte, and the length of a block of `size` bytes that follows, and makes room for it. */
export function writeBlockHead(out: WireWriter, tag: number, size: number): void {
  out.reserve(size + NUMBER_BYTES_MAX);
  out.bytes[out.at] = tag;
  out.at = writeVarint(out.bytes, out.at + 1, size);
}
