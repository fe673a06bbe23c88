import assert from "node:assert/strict";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { CommitLog } from "./commit-log.js";
import type { ConsumeIndex, Run } from "./consume-index.js";
import { OLD_READ_BYTES, OldReads } from "./old-reads.js";
import { DAMAGED, ENTRY_NUMBERS, HOLE } from "./open-entries.js";
import type { Queue } from "./queue.js";
import { ReadAhead } from "./read-ahead.js";
import { Reading } from "./reading.js";
import type { Held, RecordReader } from "./record-reader.js";
import type { StoreOptions } from "./store-options.js";

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

type ReaderOptions = Pick<StoreOptions, "clock" | "segmentBytes" | "oldReadBytes">;

/** Index entries that are fetched at a time, at most. */
const RUN_ENTRIES = 4_096;

/** Reads a queue's messages in order, through the consume index. */
export class QueueReader {
  readonly #log: CommitLog;
  readonly #index: ConsumeIndex;
  readonly #records: RecordReader;
  readonly #old: OldReads;
  readonly #ahead: ReadAhead;

  constructor(log: CommitLog, index: ConsumeIndex, records: RecordReader, options: ReaderOptions) {
    this.#log = log;
    this.#index = index;
    this.#records = records;
    this.#old = new OldReads({
      clock: options.clock,
      logEnd: () => log.end,
      segmentBytes: options.segmentBytes,
      bytesMin: options.oldReadBytes ?? OLD_READ_BYTES,
    });
    this.#ahead = new ReadAhead(records);
  }

  /**
   * Hands visible messages from `offset` on to `sink` and returns the offset to go on from. Answers at once while
   * everything is in memory; otherwise the sink is called later, still in order. Stops before a message that cannot be
   * read; if that is the first one it throws: LOG_CORRUPT for damage, naming the place.
   */
  read(queue: Queue, offset: number, limits: ReadLimits, sink: RecordSink): number | Promise<number> {
    const reading = new Reading(queue, offset, this.#index.endOffset(queue, this.#log.visible), limits, sink);
    const isSealed = reading.next < queue.base;
    try {
      const later = this.#readNow(reading);
      if (later !== undefined)
        return later.then(
          (next) => (isSealed ? this.#ended(reading) : next),
          (thrown: unknown) => reading.failed(thrown),
        );
      return isSealed ? this.#ended(reading) : reading.next;
    } catch (thrown) {
      return reading.failed(thrown);
    }
  }

  /**
   * Consumers ask this before each read: undefined if the messages from `offset` on may be read now, else it resolves when
   * they may. Only old ones have to wait, while much is published.
   */
  turn(queue: Queue, offset: number): Promise<void> | undefined {
    if (offset >= queue.base || !this.#old.limited) return undefined;
    try {
      const run = this.#index.run(queue, Math.max(offset, queue.firstOffset), 1);
      if (!(run instanceof Promise)) return this.#old.turn(run.segmentStart + run.numbers[0]!);
      // Whatever is wrong with the index, the read that follows tells.
      return run.then(
        ({ segmentStart, numbers }) => this.#old.turn(segmentStart + numbers[0]!),
        () => {},
      );
    } catch {
      return undefined;
    }
  }

  /** Nobody waits for a turn any more. */
  close(): void {
    this.#old.close();
  }

  #ended(reading: Reading): number {
    if (reading.taken > 0) this.#old.took(reading.wanted.logOffset, reading.taken, reading.bytesTaken);
    return reading.next;
  }

  /** A promise if something has to come from the disk. */
  #readNow(reading: Reading): Promise<number> | undefined {
    while (!reading.over) {
      const run = this.#index.run(reading.queue, reading.next, RUN_ENTRIES);
      if (run instanceof Promise) return this.#readOn(reading, run);
      const record = this.#takeRun(reading, run);
      if (record !== undefined) return this.#readOn(reading, run, record);
    }
    return undefined;
  }

  async #readOn(reading: Reading, from: Run | Promise<Run>, record?: Promise<Held>): Promise<number> {
    let run = await from;
    for (let waiting = record; ; waiting = this.#takeRun(reading, run)) {
      if (waiting !== undefined) reading.take(await waiting);
      else if (reading.over) return reading.next;
      else if (reading.next >= run.baseOffset + run.numbers.length / ENTRY_NUMBERS)
        run = await this.#index.run(reading.queue, reading.next, RUN_ENTRIES);
    }
  }

  /** Takes what is in memory of a run, up to its end; a promise is the next record, on its way from the disk. */
  #takeRun(reading: Reading, run: Run): Promise<Held> | undefined {
    const { numbers, baseOffset, segmentStart } = run;
    assert(numbers.length > 0, "the index has nothing below the end of a queue");
    const count = numbers.length / ENTRY_NUMBERS;
    for (let index = reading.next - baseOffset; index < count && !reading.over; index++) {
      const at = index * ENTRY_NUMBERS;
      const logOffset = segmentStart + numbers[at]!;
      const size = numbers[at + 1]!;
      if (size === DAMAGED) throw lost(logOffset);
      if (size === HOLE || !reading.wants(numbers[at + 2]!)) {
        reading.pass();
        continue;
      }
      if (!reading.fits(size)) break;
      if (reading.fetching.length > 0) return reading.fetching.shift();
      const held = this.#records.held(reading.want(logOffset, size));
      if (held === undefined) return this.#ahead.fetch(reading, run, index);
      reading.take(held);
    }
    if (reading.over) this.#ahead.prepare(reading, run);
    return undefined;
  }
}

function lost(logOffset: number): LogwheelError {
  return new LogwheelError("LOG_CORRUPT", `its record was lost with those from log offset ${logOffset} on`);
}
