import type { Files } from "../disk/files.js";
import {
  BLOCK_BYTES_MAX,
  BlockFile,
  type BlockFileId,
  blockFileName,
  type NewBlock,
  writeBlockFile,
} from "./block-file.js";
import type { OpenKeys } from "./open-keys.js";

/**
 * The user keys of a sealed segment: a block file (`block-file.ts`) of pairs, ascending by (key hash, position).
 *
 *     0          4          8
 *     +----------+----------+
 *     | position | key hash |
 *     +----------+----------+
 *
 * `position` is that of a record in its segment file. Read as one little-endian number of 64 bits, a pair sorts by
 * its hash first.
 */
const PAIR_BYTES = 8;
const POSITIONS_MAX = 100_000;

function idOf(start: number): BlockFileId {
  return { kind: "keys", magic: 0x594b574c, start }; // "LWKY"
}

/** For example `00000000000268435456.keys`. */
export function keyIndexName(start: number): string {
  return blockFileName(idOf(start));
}

/** Writes the key index of the segment at `start`. What is there after a power cut: `writeBlockFile`. */
export function writeKeyIndex(files: Files, start: number, keys: OpenKeys): Promise<void> {
  return writeBlockFile(files, idOf(start), { blocks: blocksOf(keys), detail: 0 });
}

function* blocksOf(keys: OpenKeys): Generator<NewBlock> {
  const pairs = new BigUint64Array(BLOCK_BYTES_MAX / PAIR_BYTES);
  let filled = 0;
  for (const piece of keys.toSorted()) {
    for (let done = 0; done < piece.length; ) {
      const count = Math.min(piece.length - done, pairs.length - filled);
      pairs.set(piece.subarray(done, done + count), filled);
      done += count;
      filled += count;
      if (filled === pairs.length) {
        yield newBlock(pairs);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield newBlock(pairs.subarray(0, filled));
}

function newBlock(pairs: BigUint64Array): NewBlock {
  const bytes = Buffer.from(pairs.buffer, pairs.byteOffset, pairs.byteLength);
  return { bytes, keyHigh: bytes.readUInt32LE(4), keyLow: bytes.readUInt32LE(0) };
}

/** The key index of one sealed segment. Reads from the disk with every look-up: they are rare. */
export class KeyIndex {
  readonly #file: BlockFile;

  private constructor(file: BlockFile) {
    this.#file = file;
  }

  /** LOG_CORRUPT if the file is missing or damaged: write it again from the segment. */
  static async open(files: Files, start: number): Promise<KeyIndex> {
    return new KeyIndex(await BlockFile.open(files, idOf(start)));
  }

  /**
   * Positions, ascending and from `from` on, of records that have a key of this hash, at most `countMax`. LOG_CORRUPT as
   * `open`.
   */
  async find(hash: number, { from = 0, countMax = POSITIONS_MAX } = {}): Promise<number[]> {
    const positions: number[] = [];
    const first = Math.max(0, this.#file.blockFor(hash, from, this.#file.blocks));
    for (let number = first; number < this.#file.blocks; number++) {
      const block = await this.#file.readBlock(number);
      if (!collect(block, { hash, from, countMax }, positions)) break;
    }
    return positions;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** Adds a block's positions; says whether the next block may have more. */
function collect(
  block: Buffer,
  wanted: { hash: number; from: number; countMax: number },
  positions: number[],
): boolean {
  for (let at = lowerBound(block, wanted.hash, wanted.from); at < block.byteLength; at += PAIR_BYTES) {
    if (block.readUInt32LE(at + 4) !== wanted.hash || positions.length >= wanted.countMax) return false;
    const position = block.readUInt32LE(at);
    if (positions.at(-1) !== position) positions.push(position);
  }
  return true;
}

/** Where the first pair of a block stands that is not below this one. */
function lowerBound(block: Buffer, hash: number, position: number): number {
  let low = 0;
  let high = block.byteLength / PAIR_BYTES;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = middle * PAIR_BYTES;
    const order = block.readUInt32LE(at + 4) - hash || block.readUInt32LE(at) - position;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return low * PAIR_BYTES;
}
