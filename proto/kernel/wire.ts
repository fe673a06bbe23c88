import { LogwheelError } from "./errors.js";
import type { TextCache } from "./text-cache.js";

/** What follows a field number (https://protobuf.dev/programming-guides/encoding/). */
export const WIRE = { VARINT: 0, FIXED64: 1, BYTES: 2, GROUP: 3, GROUP_END: 4, FIXED32: 5 } as const;

const HIGH = 2 ** 32;
const HIGH_MAX = 0x1fffff;
const GROUPS_MAX = 32;

/** Varints are read in parts of 28 bits, which stay within small integers. */
const PART = 2 ** 28;
const PART_MASK = PART - 1;
const MORE = 1 << 31;
/** The most that a number below 2^53 has above its lowest part. */
const HIGH_PART_MAX = 2 ** 25 - 1;

/** The error of bytes that are no valid protobuf, or not of the type that was expected. */
export function malformed(what: string): LogwheelError {
  return new LogwheelError("BAD_REQUEST", `malformed protobuf: ${what}`);
}

const EMPTY = Buffer.alloc(0);

/**
 * A place in protobuf bytes that moves forward. Made once and reset for every use.
 *
 * Every read stays within `end` and throws BAD_REQUEST rather than going past it. 64-bit values above 2^53 - 1 throw.
 */
export class WireReader {
  bytes: Buffer = EMPTY;
  at = 0;
  end = 0;

  reset(bytes: Buffer, start: number, end: number): this {
    this.bytes = bytes;
    this.at = start;
    this.end = end;
    return this;
  }

  /** Field number and wire type: `field << 3 | type`. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw malformed("field number 0");
    return tag;
  }

  /** An unsigned number below 2^53. */
  uint64(): number {
    const low = this.#part();
    if (low >= 0) return low;
    const middle = this.#part();
    const high = middle & PART_MASK;
    if (high > HIGH_PART_MAX || (middle < 0 && this.#lastPart() !== 0))
      throw malformed("a 64-bit number is above 2^53");
    return (low & PART_MASK) + high * PART;
  }

  /** Up to four bytes, 28 bits, of a number; with the sign bit set if more follow. */
  #part(): number {
    const bytes = this.bytes;
    const at = this.at;
    if (this.end - at < 4) return this.#shortPart();
    const first = bytes[at]!;
    if (first < 0x80) {
      this.at = at + 1;
      return first;
    }
    const second = bytes[at + 1]!;
    if (second < 0x80) {
      this.at = at + 2;
      return (first & 0x7f) | (second << 7);
    }
    const third = bytes[at + 2]!;
    const low = (first & 0x7f) | ((second & 0x7f) << 7) | ((third & 0x7f) << 14);
    if (third < 0x80) {
      this.at = at + 3;
      return low;
    }
    const fourth = bytes[at + 3]!;
    this.at = at + 4;
    return low | ((fourth & 0x7f) << 21) | (fourth < 0x80 ? 0 : MORE);
  }

  /** The same where less than four bytes are left. */
  #shortPart(): number {
    let value = 0;
    for (let shift = 0; this.at < this.end; shift += 7) {
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed("a number is cut off");
  }

  /** The ninth and tenth byte of a number. */
  #lastPart(): number {
    let value = 0;
    for (let shift = 0; shift < 14; shift += 7) {
      if (this.at >= this.end) throw malformed("a number is cut off");
      const byte = this.bytes[this.at++]!;
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw malformed("a number is too long");
  }

  /** A signed number between -2^53 and 2^53; negative ones take ten bytes. */
  int64(): number {
    const start = this.at;
    if (this.end - start < 10 || (this.bytes[start + 9]! & 0x80) !== 0) return this.uint64();
    for (let at = start; at < start + 9; at++) if (this.bytes[at]! < 0x80) return this.uint64();
    if ((this.bytes[start + 9]! & 1) === 0) return this.uint64();
    let magnitude = 1;
    let factor = 1;
    for (let at = start; at < start + 9; at++, factor *= 0x80)
      magnitude += (~this.bytes[at]! & 0x7f) * factor;
    if (magnitude > Number.MAX_SAFE_INTEGER) throw malformed("a 64-bit number is below -2^53");
    this.at = start + 10;
    return -magnitude;
  }

  /** The low 32 bits of a number, unsigned. */
  uint32(): number {
    const bytes = this.bytes;
    const end = this.end;
    let at = this.at;
    let value = 0;
    for (let count = 0; count < 10; count++) {
      if (at >= end) throw malformed("a number is cut off");
      const byte = bytes[at++]!;
      if (count < 5) value |= (byte & 0x7f) << (7 * count);
      if (byte < 0x80) {
        this.at = at;
        return value >>> 0;
      }
    }
    throw malformed("a number is too long");
  }

  fixed32(): number {
    const at = this.at;
    if (this.end - at < 4) throw malformed("a fixed number is cut off");
    this.at = at + 4;
    return readFixed32(this.bytes, at);
  }

  fixed64(): number {
    const at = this.at;
    if (this.end - at < 8) throw malformed("a fixed number is cut off");
    this.at = at + 8;
    return readFixed64(this.bytes, at);
  }

  /** Reads the length of a block and stands at its start; returns its end. */
  block(): number {
    const length = this.uint32();
    if (length > this.end - this.at) throw malformed("a block is longer than what holds it");
    return this.at + length;
  }

  /** The text of a block, behind which it stands then; by way of `cache` when it is one that comes again. */
  text(cache?: TextCache): string {
    const end = this.block();
    const text =
      cache === undefined ? readText(this.bytes, this.at, end) : cache.read(this.bytes, this.at, end);
    this.at = end;
    return text;
  }

  /** Passes over the value of a field that nobody here knows. */
  skip(tag: number): void {
    if ((tag & 7) === WIRE.GROUP) return this.#skipGroups(tag);
    this.#skipPlain(tag);
  }

  #skipPlain(tag: number): void {
    switch (tag & 7) {
      case WIRE.VARINT:
        this.uint32();
        return;
      case WIRE.FIXED64:
        this.#advance(8);
        return;
      case WIRE.BYTES:
        this.at = this.block();
        return;
      case WIRE.FIXED32:
        this.#advance(4);
        return;
      default:
        throw malformed(`wire type ${tag & 7}`);
    }
  }

  #skipGroups(first: number): void {
    const open = [first >>> 3];
    while (open.length > 0) {
      const tag = this.tag();
      if ((tag & 7) === WIRE.GROUP) {
        if (open.push(tag >>> 3) > GROUPS_MAX) throw malformed("groups are nested too deep");
      } else if ((tag & 7) === WIRE.GROUP_END) {
        if (open.pop() !== tag >>> 3) throw malformed("a group ends that did not begin");
      } else this.#skipPlain(tag);
    }
  }

  #advance(count: number): void {
    if (this.end - this.at < count) throw malformed("a fixed number is cut off");
    this.at += count;
  }
}

/** Throws BAD_REQUEST for a message of more than `countMax` fields, repeated ones counted one by one, without decoding it. */
export function checkFieldCount(bytes: Buffer, countMax: number): void {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  for (let count = 0; reader.at < reader.end; count++) {
    if (count === countMax)
      throw new LogwheelError("BAD_REQUEST", `the message has more than ${countMax} fields`);
    reader.skip(reader.tag());
  }
}

/** A Buffer that grows and is used again: protobuf is written into `bytes` up to `at`. */
export class WireWriter {
  bytes: Buffer;
  at = 0;

  constructor(bytesInitial: number) {
    this.bytes = Buffer.allocUnsafeSlow(bytesInitial);
  }

  /** Makes room for `count` more bytes. What was written stays; views of `bytes` taken before may be of an old buffer. */
  reserve(count: number): void {
    const needed = this.at + count;
    if (needed <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.bytes.length * 2));
    this.bytes.copy(grown, 0, 0, this.at);
    this.bytes = grown;
  }

  /** What was written, for the caller to keep; from the start again. A buffer that has grown large goes with it. */
  take(): Buffer {
    const { bytes, at } = this;
    this.at = 0;
    if (bytes.length <= KEPT_BYTES_MAX) return Buffer.from(bytes.subarray(0, at));
    this.bytes = Buffer.allocUnsafeSlow(KEPT_BYTES_MAX);
    return bytes.subarray(0, at);
  }
}

/** A writer that is used for good keeps no more than this. */
const KEPT_BYTES_MAX = 64 << 10;

/** Bytes that `value` takes as a varint; `value` is a whole number from 0 to 2^53 - 1. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = value / 0x800000000; rest >= 1; rest /= 0x80) size++;
  return size;
}

/** Writes a whole number from 0 to 2^53 - 1; returns the place behind it. */
export function writeVarint(bytes: Buffer, at: number, value: number): number {
  let rest = value;
  if (value >= PART) {
    rest = Math.floor(value / PART);
    const low = value - rest * PART;
    bytes[at] = low | 0x80;
    bytes[at + 1] = (low >>> 7) | 0x80;
    bytes[at + 2] = (low >>> 14) | 0x80;
    bytes[at + 3] = (low >>> 21) | 0x80;
    at += 4;
  }
  for (; rest > 0x7f; rest >>>= 7) bytes[at++] = (rest & 0x7f) | 0x80;
  bytes[at++] = rest;
  return at;
}

/** Bytes that a signed number takes. */
export function int64Size(value: number): number {
  return value < 0 ? 10 : varintSize(value);
}

/** Writes a whole number between -2^53 and 2^53; returns the place behind it. */
export function writeInt64(bytes: Buffer, at: number, value: number): number {
  if (value >= 0) return writeVarint(bytes, at, value);
  let rest = -value - 1;
  for (let count = 0; count < 9; count++) {
    bytes[at++] = 0x80 | (~(rest % 0x80) & 0x7f);
    rest = Math.floor(rest / 0x80);
  }
  bytes[at++] = 1;
  return at;
}

/** Throws BAD_REQUEST unless `value` is a whole number from 0 to 2^53 - 1. */
export function checkUint64(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 0)
    throw new LogwheelError("BAD_REQUEST", `${name} must be a whole number from 0 to 2^53 - 1, not ${value}`);
}

export function readFixed32(bytes: Buffer, at: number): number {
  return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
}

/** A little-endian 64-bit number; BAD_REQUEST above 2^53 - 1. */
export function readFixed64(bytes: Buffer, at: number): number {
  const high = readFixed32(bytes, at + 4);
  if (high > HIGH_MAX) throw malformed("a 64-bit number is above 2^53");
  return high * HIGH + readFixed32(bytes, at);
}

export function writeFixed32(bytes: Buffer, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

/** Writes a whole number from 0 to 2^53 - 1 in eight bytes, little-endian. */
export function writeFixed64(bytes: Buffer, at: number, value: number): number {
  const high = Math.floor(value / HIGH);
  writeFixed32(bytes, at, value - high * HIGH);
  return writeFixed32(bytes, at + 4, high);
}

const SHORT = 24;

/** Bytes of `text` in UTF-8. */
export function textSize(text: string): number {
  const length = text.length;
  if (length > SHORT) return Buffer.byteLength(text);
  for (let i = 0; i < length; i++) if (text.charCodeAt(i) >= 0x80) return Buffer.byteLength(text);
  return length;
}

/** Writes `text`, whose `textSize` is `size`; returns the place behind it. */
export function writeText(bytes: Buffer, at: number, text: string, size: number): number {
  if (size !== text.length) return at + bytes.write(text, at, size, "utf8");
  if (size > SHORT) return at + bytes.write(text, at, size, "latin1");
  for (let i = 0; i < size; i++) bytes[at++] = text.charCodeAt(i);
  return at;
}

/** The UTF-8 text of a part of the bytes. */
export function readText(bytes: Buffer, start: number, end: number): string {
  return start === end ? "" : bytes.toString("utf8", start, end);
}
