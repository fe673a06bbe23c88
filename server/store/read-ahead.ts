import type { Run } from "./consume-index.js";
import { FILE_BLOCK_BYTES } from "./file-blocks.js";
import { ENTRY_NUMBERS, HOLE } from "./open-entries.js";
import type { Reading } from "./reading.js";
import type { Held, RecordReader } from "./record-reader.js";

/** Blocks that are read ahead of a queue's reader. */
const BLOCKS_AHEAD = 8;

/** Records that are read ahead one by one. */
const RECORDS_AHEAD = 16;

/**
 * Decides how records come from the disk.
 *
 * Queues that are read together mostly share the blocks in which their messages lie, so a block is read whole and kept.
 * A queue whose messages are further apart than that has one message in each block, and would push out of the cache
 * what others need: its messages are read alone, several at a time.
 */
export class ReadAhead {
  readonly #records: RecordReader;

  constructor(records: RecordReader) {
    this.#records = records;
  }

  /** The record at `index` of a run; begins to read what the reading comes to after it. */
  fetch(reading: Reading, run: Run, index: number): Promise<Held> {
    const end = windowEnd(run, index, reading.messagesLeft, reading.bytesLeft);
    if (!sparse(run, index, end)) {
      const record = this.#records.load({ ...reading.wanted });
      this.#loadBlocks(run, index, end);
      return record;
    }
    for (let at = index; at < end && reading.fetching.length < RECORDS_AHEAD; at++) {
      const position = run.numbers[at * ENTRY_NUMBERS]!;
      const size = run.numbers[at * ENTRY_NUMBERS + 1]!;
      if (size === HOLE || !reading.wants(run.numbers[at * ENTRY_NUMBERS + 2]!)) continue;
      const record = this.#records.loadAlone({
        queue: reading.queue,
        queueOffset: run.baseOffset + at,
        logOffset: run.segmentStart + position,
        size,
      });
      record.catch(() => {});
      reading.fetching.push(record);
    }
    return reading.fetching.shift()!;
  }

  /** The reading is over: begins to read what the next two like it would come to. */
  prepare(reading: Reading, run: Run): void {
    const index = reading.next - run.baseOffset;
    const position = run.numbers[index * ENTRY_NUMBERS];
    if (position === undefined || !this.#records.cold(run.segmentStart + position)) return;
    const end = windowEnd(run, index, 2 * reading.taken, Number.POSITIVE_INFINITY);
    if (!sparse(run, index, end)) this.#loadBlocks(run, index, end);
  }

  #loadBlocks({ numbers, segmentStart }: Run, index: number, end: number): void {
    let last = -1;
    for (let at = index, blocks = 0; at < end && blocks < BLOCKS_AHEAD; at++) {
      const block = Math.floor(numbers[at * ENTRY_NUMBERS]! / FILE_BLOCK_BYTES);
      if (block === last) continue;
      this.#records.prefetch(segmentStart + numbers[at * ENTRY_NUMBERS]!);
      last = block;
      blocks++;
    }
  }
}

/** Behind the last entry from `index` on that so many messages and bytes allow; one at least, if there is one. */
function windowEnd({ numbers }: Run, index: number, messages: number, bytes: number): number {
  const end = Math.min(index + messages, numbers.length / ENTRY_NUMBERS);
  let left = bytes;
  for (let at = index; at < end; at++) {
    left -= numbers[at * ENTRY_NUMBERS + 1]!;
    if (left <= 0) return at + 1;
  }
  return end;
}

/** Whether entries lie further apart than a block is long. */
function sparse({ numbers }: Run, index: number, end: number): boolean {
  const span = numbers[(end - 1) * ENTRY_NUMBERS]! - numbers[index * ENTRY_NUMBERS]!;
  return span > (end - index) * FILE_BLOCK_BYTES;
}
