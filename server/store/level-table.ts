import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import { maskedCrc } from "./level-crc.js";
import { contentOf } from "./level-files.js";

/**
 * A table of LevelDB, a file `.ldb`. Integers are little-endian.
 *
 *     blocks: data, filter, metaindex, index | footer: two places (metaindex, index), zeros, magic: 48 bytes
 *
 * Each block is followed by a byte for its compression and the masked CRC-32C of both. A block of entries ends with offsets
 * of restarts and their count, u32 each; an entry is three varints (bytes shared with the key before, other bytes of the key,
 * bytes of the value), those other bytes, and the value. A place is two varints: offset and bytes of a block.
 */
const FOOTER_BYTES = 48;
const TRAILER_BYTES = 5;

interface BlockPlace {
  readonly offset: number;
  readonly length: number;
}

/** Checks tables byte by byte, which LevelDB itself does not. LOG_CORRUPT, naming the file; one that is gone meanwhile is none. */
export async function checkTables(files: Files, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const bytes = await contentOf(files, name);
    if (bytes !== undefined && !isWhole(bytes))
      throw new LogwheelError("LOG_CORRUPT", `${name} is not what was written`);
  }
}

/** Whether every block of a table is as it was written. */
export function isWhole(table: Buffer): boolean {
  try {
    const footer = new Varints(table, Math.max(0, table.length - FOOTER_BYTES));
    const [metaindex, index] = [footer.place(), footer.place()];
    if (!isSound(table, metaindex) || !isSound(table, index)) return false;
    const blocks = [...placesIn(table, metaindex), ...placesIn(table, index)];
    return blocks.every((block) => isSound(table, block));
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}

function isSound(table: Buffer, { offset, length }: BlockPlace): boolean {
  const end = offset + length + 1;
  return maskedCrc(table.subarray(offset, end)) === table.readInt32LE(end);
}

/** The places that the values of a block are. */
function placesIn(table: Buffer, { offset, length }: BlockPlace): BlockPlace[] {
  const places: BlockPlace[] = [];
  const end = offset + length - 4;
  const restarts = end - 4 * table.readUInt32LE(end);
  for (const entry = new Varints(table, offset); entry.at < restarts; ) {
    entry.next();
    const keyBytes = entry.next();
    const valueBytes = entry.next();
    places.push(new Varints(table, entry.at + keyBytes).place());
    entry.at += keyBytes + valueBytes;
  }
  return places;
}

class Varints {
  at: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  next(): number {
    for (let value = 0, unit = 1; ; unit *= 128) {
      const byte = this.#bytes.readUInt8(this.at++);
      value += (byte & 127) * unit;
      if (byte < 128) return value;
    }
  }

  place(): BlockPlace {
    const offset = this.next();
    const length = this.next();
    if (offset + length + TRAILER_BYTES > this.#bytes.length) throw new RangeError("a block behind the end");
    return { offset, length };
  }
}
