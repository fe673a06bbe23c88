import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";

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
const MASK = 0xa282ead8;
const POLYNOMIAL = 0x82f63b78;

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

async function contentOf(files: Files, name: string): Promise<Buffer | undefined> {
  const file = await files.open(name).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOENT") throw thrown;
  });
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
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
  const crc = crc32c(table.subarray(offset, end));
  return ((((crc >>> 15) | (crc << 17)) + MASK) | 0) === table.readInt32LE(end);
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

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
  return crc;
});

function crc32c(bytes: Buffer): number {
  let crc = -1;
  for (let at = 0; at < bytes.length; at++) crc = TABLE[(crc ^ bytes[at]!) & 255]! ^ (crc >>> 8);
  return ~crc;
}
