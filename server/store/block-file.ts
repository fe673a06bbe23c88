import assert from "node:assert/strict";
import { crc32 } from "node:zlib";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { File, Files } from "../disk/files.js";
import type { BlockSource } from "./block-cache.js";

/**
 * A file that is written once, beside a sealed segment, and read in blocks. Integers are little-endian.
 *
 *     0        64                                    table
 *     +--------+---------+---------+-- … --+---------+-------+-- … --+
 *     | header | block 0 | block 1 |       | block n | row 0 |       | end of file
 *     +--------+---------+---------+-- … --+---------+-------+-- … --+
 *
 * Header:
 *
 *     0       4         6       8               16      24       28       32          36      60      64
 *     +-------+---------+-------+---------------+-------+--------+--------+-----------+-------+-------+
 *     | magic | version | flags | segment start | table | blocks | detail | table crc | zeros | crc32 |
 *     +-------+---------+-------+---------------+-------+--------+--------+-----------+-------+-------+
 *
 * `segment start` must agree with the file's name. `table` is the position of the rows, one per block. `detail` is
 * for the kind of file. `table crc` covers the rows, `crc32` the header before it. Row:
 *
 *     0            4       8          12        16
 *     +------------+-------+----------+---------+
 *     | block size | crc32 | key high | key low |
 *     +------------+-------+----------+---------+
 *
 * The keys (a number of 64 bits, by which the file's kind sorts its blocks) are those of a block's first item.
 *
 * Nothing here is the only copy: whatever is wrong with such a file, its version included, is LOG_CORRUPT, and the file is
 * made again from its segment.
 */
const HEADER_BYTES = 64;
const ROW_BYTES = 16;
const ROW_NUMBERS = 4;
const VERSION = 1;

/** Most bytes of a block. */
export const BLOCK_BYTES_MAX = 64 << 10;

/** What kind of file, of which segment. */
export interface BlockFileId {
  /** How names end, for example `index`. */
  readonly kind: string;
  readonly magic: number;
  /** Log offset at which the segment begins. */
  readonly start: number;
}

/** A block on its way into a file. */
export interface NewBlock {
  /** At most BLOCK_BYTES_MAX; belongs to the writer until it asks for the next block. */
  readonly bytes: Uint8Array;
  readonly keyHigh: number;
  readonly keyLow: number;
}

/** For example `00000000000268435456.index`. */
export function blockFileName({ kind, start }: BlockFileId): string {
  return `${String(start).padStart(20, "0")}.${kind}`;
}

/**
 * Writes the file, in the place of one that may be there. When this resolves the new one survives a power cut; before, and
 * after a failure (the operating system's error), the old one or none is there. Other work gets its turn between blocks.
 */
export async function writeBlockFile(
  files: Files,
  id: BlockFileId,
  { blocks, detail }: { blocks: Iterable<NewBlock>; detail: number },
): Promise<void> {
  const name = blockFileName(id);
  const temporary = `${name}.new`;
  const file = await createAnew(files, temporary);
  try {
    await writeBlocks(file, id, blocks, detail);
    await file.sync();
    await file.close();
    await files.rename(temporary, name);
  } catch (thrown) {
    await file.close().catch(() => {});
    await files.remove(temporary).catch(() => {});
    throw thrown;
  }
  await files.syncNames();
}

async function createAnew(files: Files, name: string): Promise<File> {
  try {
    return await files.create(name);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    await files.remove(name);
    return files.create(name);
  }
}

async function writeBlocks(
  file: File,
  id: BlockFileId,
  blocks: Iterable<NewBlock>,
  detail: number,
): Promise<void> {
  const rows: number[] = [];
  let at = HEADER_BYTES;
  for (const { bytes, keyHigh, keyLow } of blocks) {
    assert(bytes.byteLength > 0 && bytes.byteLength <= BLOCK_BYTES_MAX, `block of ${bytes.byteLength} bytes`);
    rows.push(bytes.byteLength, crc32(bytes), keyHigh, keyLow);
    await file.write([bytes], at);
    at += bytes.byteLength;
  }
  const table = Buffer.from(Uint32Array.from(rows).buffer);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32LE(id.magic, 0);
  header.writeUInt16LE(VERSION, 4);
  header.writeBigUInt64LE(BigInt(id.start), 8);
  header.writeBigUInt64LE(BigInt(at), 16);
  header.writeUInt32LE(rows.length / ROW_NUMBERS, 24);
  header.writeUInt32LE(detail, 28);
  header.writeUInt32LE(crc32(table), 32);
  header.writeUInt32LE(crc32(header.subarray(0, 60)), 60);
  await file.write([table], at);
  await file.write([header], 0);
}

/** Such a file, open for reading. Keeps its table in memory (16 bytes for each block) and reads blocks on demand. */
export class BlockFile implements BlockSource {
  /** For the kind of file. */
  readonly detail: number;
  readonly #where: string;
  readonly #file: File;
  /** Size, checksum, key high and key low of each block. */
  readonly #rows: Uint32Array;
  readonly #positions: readonly number[];

  private constructor(of: {
    where: string;
    file: File;
    detail: number;
    rows: Uint32Array;
    positions: number[];
  }) {
    this.#where = of.where;
    this.#file = of.file;
    this.detail = of.detail;
    this.#rows = of.rows;
    this.#positions = of.positions;
  }

  /** LOG_CORRUPT if the file is missing, or not whole, or of another kind, segment or version. */
  static async open(files: Files, id: BlockFileId): Promise<BlockFile> {
    const name = blockFileName(id);
    const where = `${files.path}/${name}`;
    const file = await files.open(name).catch((thrown: NodeJS.ErrnoException) => {
      if (thrown.code === "ENOENT") throw damaged(where, "the file is missing");
      throw thrown;
    });
    try {
      return new BlockFile({ where, file, ...(await readTable(file, id, where)) });
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  get blocks(): number {
    return this.#positions.length;
  }

  /** Bytes of a block. */
  size(block: number): number {
    return this.#rows[block * ROW_NUMBERS]!;
  }

  /** Reads a block; LOG_CORRUPT if it is not what was written. */
  async readBlock(number: number): Promise<Buffer> {
    const block = Buffer.allocUnsafeSlow(this.size(number));
    const bytes = await this.#file.read(block, this.#positions[number]!);
    if (bytes < block.byteLength) throw this.damaged(`it ends within block ${number}`);
    if (crc32(block) !== this.#rows[number * ROW_NUMBERS + 1]) {
      throw this.damaged(`block ${number} fails its checksum`);
    }
    return block;
  }

  /** The last of blocks 0 to `count` - 1 whose first key is at most this one; -1 when the key is below all. */
  blockFor(keyHigh: number, keyLow: number, count: number): number {
    let low = -1;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      const blockHigh = this.#rows[middle * ROW_NUMBERS + 2]!;
      const blockLow = this.#rows[middle * ROW_NUMBERS + 3]!;
      if (blockHigh < keyHigh || (blockHigh === keyHigh && blockLow <= keyLow)) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The error for something wrong in this file. */
  damaged(what: string): LogwheelError {
    return damaged(this.#where, what);
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

async function readTable(
  file: File,
  id: BlockFileId,
  where: string,
): Promise<{ detail: number; rows: Uint32Array; positions: number[] }> {
  const header = Buffer.alloc(HEADER_BYTES);
  const size = await file.size();
  if ((await file.read(header, 0)) < HEADER_BYTES) throw damaged(where, "it ends within its header");
  checkHeader(header, id, where);
  const tableAt = Number(header.readBigUInt64LE(16));
  const count = header.readUInt32LE(24);
  if (tableAt + count * ROW_BYTES !== size)
    throw damaged(where, `it has ${size} bytes instead of those it was written with`);
  const table = Buffer.allocUnsafeSlow(count * ROW_BYTES);
  await file.read(table, tableAt);
  if (crc32(table) !== header.readUInt32LE(32)) throw damaged(where, "its table fails its checksum");
  const rows = new Uint32Array(table.buffer, table.byteOffset, count * ROW_NUMBERS);
  return { detail: header.readUInt32LE(28), rows, positions: positionsOf(rows, tableAt, where) };
}

function checkHeader(header: Buffer, { magic, start }: BlockFileId, where: string): void {
  if (header.readUInt32LE(0) !== magic)
    throw damaged(where, "its first bytes are those of another kind of file");
  const version = header.readUInt16LE(4);
  if (version !== VERSION) throw damaged(where, `it has format version ${version}, not ${VERSION}`);
  if (header.readUInt16LE(6) !== 0) throw damaged(where, "it has format flags that nobody knows");
  if (crc32(header.subarray(0, 60)) !== header.readUInt32LE(60)) {
    throw damaged(where, "its header fails its checksum");
  }
  const found = header.readBigUInt64LE(8);
  if (found !== BigInt(start)) throw damaged(where, `it belongs to the segment at ${found}`);
}

function positionsOf(rows: Uint32Array, tableAt: number, where: string): number[] {
  const positions: number[] = [];
  let at = HEADER_BYTES;
  for (let row = 0; row < rows.length; row += ROW_NUMBERS) {
    positions.push(at);
    if (rows[row]! > BLOCK_BYTES_MAX) throw damaged(where, `a block has ${rows[row]} bytes`);
    at += rows[row]!;
  }
  if (at !== tableAt) throw damaged(where, "its blocks do not fill it");
  return positions;
}

function damaged(where: string, what: string): LogwheelError {
  return new LogwheelError("LOG_CORRUPT", `${where}: ${what}; it is made again from its segment`);
}
