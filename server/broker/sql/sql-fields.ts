import { MAP, TAG } from "../../../proto/kernel/message-fields.js";
import { WireReader } from "../../../proto/kernel/wire.js";

const ABSENT = -1;
const EMPTY = Buffer.alloc(0);

/** Places of the properties that a filter asks for in an encoded message, found in one pass. Made once, filled again. */
export class SqlFields {
  bytes: Buffer = EMPTY;
  readonly #names: readonly Buffer[];
  /** By slot: 0 is the tag, the others are the properties in the order of their names. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #reader = new WireReader();

  /** `names` of properties; their slots count from 1. */
  constructor(names: readonly string[]) {
    this.#names = names.map((name) => Buffer.from(name));
    this.#starts = new Int32Array(names.length + 1);
    this.#ends = new Int32Array(names.length + 1);
  }

  /** Where a value begins; -1 if the message does not have it. */
  start(slot: number): number {
    return this.#starts[slot]!;
  }

  /** Behind the value. */
  end(slot: number): number {
    return this.#ends[slot]!;
  }

  /** Finds them in the message `bytes[start..end)`. Throws BAD_REQUEST for bytes that are none. */
  scan(bytes: Buffer, start: number, end: number): void {
    this.bytes = bytes;
    this.#starts.fill(ABSENT);
    const reader = this.#reader.reset(bytes, start, end);
    while (reader.at < end) {
      const tag = reader.tag();
      if (tag === TAG.PROPERTY) this.#property(reader);
      else if (tag === TAG.TAG) {
        const stop = reader.block();
        this.#found(0, reader.at === stop ? ABSENT : reader.at, stop);
        reader.at = stop;
      } else reader.skip(tag);
    }
  }

  #property(reader: WireReader): void {
    const end = reader.block();
    let nameStart = 0;
    let nameEnd = 0;
    let valueStart = 0;
    let valueEnd = 0;
    while (reader.at < end) {
      const tag = reader.tag();
      if (tag !== MAP.KEY && tag !== MAP.VALUE) {
        reader.skip(tag);
        continue;
      }
      const stop = reader.block();
      if (tag === MAP.KEY) {
        nameStart = reader.at;
        nameEnd = stop;
      } else {
        valueStart = reader.at;
        valueEnd = stop;
      }
      reader.at = stop;
    }
    const slot = this.#slotOf(reader.bytes, nameStart, nameEnd);
    if (slot > 0) this.#found(slot, valueStart, valueEnd);
  }

  #found(slot: number, start: number, end: number): void {
    this.#starts[slot] = start;
    this.#ends[slot] = end;
  }

  #slotOf(bytes: Buffer, start: number, end: number): number {
    const names = this.#names;
    for (let i = 0; i < names.length; i++) if (equals(names[i]!, bytes, start, end)) return i + 1;
    return 0;
  }
}

/** Whether `bytes[start..end)` is `text`. Texts are short here: a call of `compare` costs more than a loop. */
export function equals(text: Buffer, bytes: Buffer, start: number, end: number): boolean {
  const length = text.length;
  if (end - start !== length) return false;
  for (let i = 0; i < length; i++) if (text[i] !== bytes[start + i]) return false;
  return true;
}
