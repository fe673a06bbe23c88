import assert from "node:assert/strict";
import type { Files } from "../disk/files.js";
import type { BlockCache } from "./block-cache.js";
import {
  BLOCK_BYTES_MAX,
  BlockFile,
  type BlockFileId,
  blockFileName,
  type NewBlock,
  writeBlockFile,
} from "./block-file.js";
import { ENTRY_NUMBERS } from "./open-entries.js";

/**
 * The consume index of a sealed segment: a block file (`block-file.ts`) of directory blocks followed by entry blocks.
 * `detail` of its header is the number of directory blocks. A directory block holds one row for every queue that
 * existed when the segment was sealed, with or without messages in it, ascending by (topic, queue):
 *
 *     0       4          8             16            20      24
 *     +-------+----------+-------------+-------------+-------+
 *     | topic | queue id | base offset | first entry | count |
 *     +-------+----------+-------------+-------------+-------+
 *
 * `base offset` (8 bytes) is the queue offset of the queue's first message in the segment, or where it has none of the
 * next one to come. Entry `first entry + n` of the file belongs to queue offset `base offset + n`:
 *
 *     0          4      8          12         16
 *     +----------+------+----------+----------+
 *     | position | size | tag hash | key hash |
 *     +----------+------+----------+----------+
 *
 * `position` is that of the record in its segment file, `size` that of the record; a size of 0 says that nothing is there
 * any more, 1 that the record is lost in a damaged place that begins at `position`.
 */
const ROW_BYTES = 24;
const ENTRY_BYTES = ENTRY_NUMBERS * 4;
const ROWS_PER_BLOCK = Math.floor(BLOCK_BYTES_MAX / ROW_BYTES);
const ENTRIES_PER_BLOCK = BLOCK_BYTES_MAX / ENTRY_BYTES;
const NONE = new Uint32Array(0);

/** What a segment holds of one queue. */
export interface QueueEntries {
  readonly topic: number;
  readonly queueId: number;
  /** Queue offset of the first entry, or of the next one to come. */
  readonly baseOffset: number;
  /** How many entries there are. */
  readonly count: number;
  /** Four numbers for each message: position, size, tag hash, key hash. */
  readonly entries: Uint32Array;
}

/** Where the entries of one queue lie. */
export interface Place {
  /** Queue offset of the first entry, or of the next one to come. */
  readonly baseOffset: number;
  readonly count: number;
  readonly firstEntry: number;
}

function idOf(start: number): BlockFileId {
  return { kind: "index", magic: 0x5849574c, start }; // "LWIX"
}

/** For example `00000000000268435456.index`. */
export function segmentIndexName(start: number): string {
  return blockFileName(idOf(start));
}

/**
 * Writes the index of the segment at `start`, from every queue there is, each once, ascending by topic and queue. They are
 * gone through several times, a block at a time: what is told of them must not change until this resolves. What is there
 * after a power cut: `writeBlockFile`.
 */
export async function writeSegmentIndex(
  files: Files,
  start: number,
  queues: Iterable<QueueEntries> & { readonly length: number },
): Promise<void> {
  const directoryBlocks = Math.ceil(queues.length / ROWS_PER_BLOCK);
  await writeBlockFile(files, idOf(start), { blocks: blocksOf(queues), detail: directoryBlocks });
}

function* blocksOf(queues: Iterable<QueueEntries>): Generator<NewBlock> {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES_MAX);
  yield* directoryBlocks(queues, block);
  yield* entryBlocks(queues, block);
}

function* directoryBlocks(queues: Iterable<QueueEntries>, block: Buffer): Generator<NewBlock> {
  let firstEntry = 0;
  let bytes = 0;
  let first: QueueEntries | undefined;
  let last: QueueEntries | undefined;
  for (const queue of queues) {
    assertAscending(last, queue);
    first ??= queue;
    writeRow(block, bytes, queue, firstEntry);
    firstEntry += queue.count;
    bytes += ROW_BYTES;
    last = queue;
    if (bytes < ROWS_PER_BLOCK * ROW_BYTES) continue;
    yield directoryBlock(block, bytes, first);
    [bytes, first] = [0, undefined];
  }
  if (first !== undefined) yield directoryBlock(block, bytes, first);
}

function directoryBlock(block: Buffer, bytes: number, { topic, queueId }: QueueEntries): NewBlock {
  return { bytes: block.subarray(0, bytes), keyHigh: topic, keyLow: queueId };
}

function assertAscending(before: QueueEntries | undefined, queue: QueueEntries): void {
  if (before === undefined || before.topic < queue.topic) return;
  const ascending = before.topic === queue.topic && before.queueId < queue.queueId;
  assert(ascending, `queue ${queue.queueId} of topic ${queue.topic} comes twice, or too late`);
}

function writeRow(block: Buffer, at: number, queue: QueueEntries, firstEntry: number): void {
  block.writeUInt32LE(queue.topic, at);
  block.writeUInt32LE(queue.queueId, at + 4);
  block.writeUInt32LE(queue.baseOffset % 2 ** 32, at + 8);
  block.writeUInt32LE(Math.floor(queue.baseOffset / 2 ** 32), at + 12);
  block.writeUInt32LE(firstEntry, at + 16);
  block.writeUInt32LE(queue.count, at + 20);
}

function* entryBlocks(queues: Iterable<QueueEntries>, block: Buffer): Generator<NewBlock> {
  const numbers = new Uint32Array(block.buffer, block.byteOffset, BLOCK_BYTES_MAX / 4);
  let filled = 0;
  for (const queue of queues) {
    if (queue.count === 0) continue;
    const { entries } = queue;
    for (let done = 0; done < entries.length; ) {
      const count = Math.min(entries.length - done, numbers.length - filled);
      numbers.set(entries.subarray(done, done + count), filled);
      done += count;
      filled += count;
      if (filled === numbers.length) {
        yield { bytes: block, keyHigh: 0, keyLow: 0 };
        filled = 0;
      }
    }
  }
  if (filled > 0) yield { bytes: block.subarray(0, filled * 4), keyHigh: 0, keyLow: 0 };
}

/** The consume index of one sealed segment. Its blocks are kept in a cache that it shares with others. */
export class SegmentIndex {
  readonly #file: BlockFile;
  readonly #cache: BlockCache;
  readonly #entryCount: number;

  private constructor(file: BlockFile, cache: BlockCache) {
    this.#file = file;
    this.#cache = cache;
    if (file.detail > file.blocks) throw file.damaged("it has fewer blocks than its directory");
    let bytes = 0;
    for (let block = file.detail; block < file.blocks; block++) bytes += file.size(block);
    this.#entryCount = bytes / ENTRY_BYTES;
  }

  /** LOG_CORRUPT if the file is missing or damaged: write it again from the segment. */
  static async open(files: Files, start: number, cache: BlockCache): Promise<SegmentIndex> {
    const file = await BlockFile.open(files, idOf(start));
    try {
      return new SegmentIndex(file, cache);
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** Where the entries of a queue lie; undefined if the queue did not exist. LOG_CORRUPT as `open`. */
  find(topic: number, queueId: number): Place | undefined | Promise<Place | undefined> {
    const number = this.#file.blockFor(topic, queueId, this.#file.detail);
    if (number < 0) return undefined;
    const block = this.#cache.get(this.#file, number);
    return block instanceof Promise
      ? block.then((arrived) => this.#placeIn(arrived, topic, queueId))
      : this.#placeIn(block, topic, queueId);
  }

  /**
   * Four numbers for each entry of a place from its `from`th on: at least one if it has that many, at most `max`, up to
   * the end of a block. They are not to be changed. LOG_CORRUPT as `open`.
   */
  entries(place: Place, from: number, max: number): Uint32Array | Promise<Uint32Array> {
    const first = place.firstEntry + from;
    const blockEnd = (blockOf(first) + 1) * ENTRIES_PER_BLOCK;
    const end = Math.min(first + max, place.firstEntry + place.count, blockEnd);
    if (first >= end) return NONE;
    const block = this.#cache.get(this.#file, this.#file.detail + blockOf(first));
    return block instanceof Promise
      ? block.then((arrived) => numbersOf(arrived, first, end))
      : numbersOf(block, first, end);
  }

  /** Numbers of the topics that have messages in the segment, ascending. LOG_CORRUPT as `open`. */
  async topics(): Promise<number[]> {
    const topics: number[] = [];
    for (let number = 0; number < this.#file.detail; number++) {
      const block = await this.#file.readBlock(number);
      for (let at = 0; at < block.byteLength; at += ROW_BYTES) {
        const topic = block.readUInt32LE(at);
        if (block.readUInt32LE(at + 20) > 0 && topics.at(-1) !== topic) topics.push(topic);
      }
    }
    return topics;
  }

  async close(): Promise<void> {
    this.#cache.drop(this.#file);
    await this.#file.close();
  }

  #placeIn(block: Buffer, topic: number, queueId: number): Place | undefined {
    const at = rowOf(block, topic, queueId);
    return at < 0 ? undefined : this.#placeAt(block, at);
  }

  #placeAt(block: Buffer, at: number): Place {
    const place = {
      baseOffset: block.readUInt32LE(at + 8) + block.readUInt32LE(at + 12) * 2 ** 32,
      firstEntry: block.readUInt32LE(at + 16),
      count: block.readUInt32LE(at + 20),
    };
    if (place.firstEntry + place.count > this.#entryCount || !Number.isSafeInteger(place.baseOffset)) {
      throw this.#file.damaged("a row of its directory points outside");
    }
    return place;
  }
}

function blockOf(entry: number): number {
  return Math.floor(entry / ENTRIES_PER_BLOCK);
}

/** Entries of one block. */
function numbersOf(block: Buffer, first: number, end: number): Uint32Array {
  const offset = block.byteOffset + (first % ENTRIES_PER_BLOCK) * ENTRY_BYTES;
  return new Uint32Array(block.buffer, offset, (end - first) * ENTRY_NUMBERS);
}

/** Position of a queue's row in a directory block; -1 if it has none. */
function rowOf(block: Buffer, topic: number, queueId: number): number {
  let low = 0;
  let high = block.byteLength / ROW_BYTES - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const at = middle * ROW_BYTES;
    const order = block.readUInt32LE(at) - topic || block.readUInt32LE(at + 4) - queueId;
    if (order === 0) return at;
    if (order < 0) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
