import type { CommitLog } from "./commit-log.js";
import type { ConsumeIndex, Run } from "./consume-index.js";
import { ENTRY_NUMBERS } from "./open-entries.js";
import type { Queue } from "./queue.js";
import { RECORD_AT } from "./record.js";
import type { Held, RecordReader } from "./record-reader.js";

/** Who takes what is read. */
export interface RecordSink {
  /**
   * One stored record: `bytes[start..end)` is its `Record` message (message.proto), valid during the call only. False:
   * enough, and this one was not taken.
   */
  take(bytes: Buffer, start: number, end: number, queueOffset: number): boolean;
}

/** How much to read. The first record is taken whatever its size. */
export interface ReadLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Only messages whose tag has one of these hashes; the others are passed over. */
  readonly tagHashes?: ReadonlySet<number>;
}

/** Index entries that are fetched at a time. */
const RUN_ENTRIES = 512;

/** Index entries that one read passes over at most, so that a filter that fits nothing does not hold the process. */
const PASSED_MAX = 16_384;

/** Reads a queue's messages in order, through the consume index. */
export class QueueReader {
  readonly #log: CommitLog;
  readonly #index: ConsumeIndex;
  readonly #records: RecordReader;

  constructor(log: CommitLog, index: ConsumeIndex, records: RecordReader) {
    this.#log = log;
    this.#index = index;
    this.#records = records;
  }

  /**
   * Hands visible messages from `offset` on to `sink` and returns the offset to go on from. Answers at once while
   * everything is in memory; otherwise the sink is called later, still in order.
   */
  read(queue: Queue, offset: number, limits: ReadLimits, sink: RecordSink): number | Promise<number> {
    return this.#continue(
      new Reading(queue, offset, this.#index.endOffset(queue, this.#log.visible), limits, sink),
    );
  }

  #continue(reading: Reading): number | Promise<number> {
    while (!reading.over) {
      const run = this.#index.run(reading.queue, reading.next, RUN_ENTRIES);
      if (run instanceof Promise) return run.then((arrived) => this.#continueWith(reading, arrived));
      const waiting = this.#takeRun(reading, run);
      if (waiting !== undefined) return waiting.then(() => this.#continue(reading));
    }
    return reading.next;
  }

  async #continueWith(reading: Reading, run: Run): Promise<number> {
    if (run.numbers.length === 0) return reading.next;
    await this.#takeRun(reading, run);
    return this.#continue(reading);
  }

  /** Takes what it can; a promise means that a record has to come from the disk first. */
  #takeRun(reading: Reading, run: Run): Promise<void> | undefined {
    const count = Math.min(run.numbers.length / ENTRY_NUMBERS, reading.end - run.baseOffset);
    if (reading.next - run.baseOffset >= count) reading.stop();
    for (let index = reading.next - run.baseOffset; index < count && !reading.over; index++) {
      const at = index * ENTRY_NUMBERS;
      const size = run.numbers[at + 1]!;
      if (reading.passes(size, run.numbers[at + 2]!)) continue;
      const held = this.#records.read(run.segmentStart + run.numbers[at]!, size);
      if (held instanceof Promise)
        return held.then((arrived) => {
          reading.take(arrived, size);
          return this.#takeRun(reading, run);
        });
      reading.take(held, size);
    }
    return undefined;
  }
}

/** One read on its way. */
class Reading {
  readonly queue: Queue;
  readonly end: number;
  next: number;
  over: boolean;
  readonly #sink: RecordSink;
  readonly #tagHashes: ReadonlySet<number> | undefined;
  #messagesLeft: number;
  #bytesLeft: number;
  #passedLeft = PASSED_MAX;
  #taken = false;

  constructor(queue: Queue, offset: number, end: number, limits: ReadLimits, sink: RecordSink) {
    this.queue = queue;
    this.next = Math.max(offset, queue.firstOffset);
    this.end = end;
    this.over = this.next >= end || limits.maxMessages <= 0;
    this.#sink = sink;
    this.#tagHashes = limits.tagHashes;
    this.#messagesLeft = limits.maxMessages;
    this.#bytesLeft = limits.maxBytes;
  }

  stop(): void {
    this.over = true;
  }

  /** Whether the entry is passed over: filtered out, or lost to damage. Stops at what is beyond the limits. */
  passes(size: number, tagHash: number): boolean {
    if (size === 0 || (this.#tagHashes !== undefined && !this.#tagHashes.has(tagHash))) {
      this.#advance();
      if (--this.#passedLeft === 0) this.over = true;
      return true;
    }
    if (!this.#taken || size <= this.#bytesLeft) return false;
    this.over = true;
    return true;
  }

  take({ bytes, at }: Held, size: number): void {
    if (!this.#sink.take(bytes, at + RECORD_AT, at + size, this.next)) {
      this.over = true;
      return;
    }
    this.#taken = true;
    this.#bytesLeft -= size;
    if (--this.#messagesLeft === 0) this.over = true;
    this.#advance();
  }

  #advance(): void {
    if (++this.next >= this.end) this.over = true;
  }
}
