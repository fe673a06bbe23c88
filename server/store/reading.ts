import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "./queue.js";
import type { ReadLimits, RecordSink } from "./queue-reader.js";
import { RECORD_AT } from "./record.js";
import type { Held, Wanted } from "./record-reader.js";

/** Index entries that one read passes over at most, so that a filter that fits nothing does not hold the process. */
const PASSED_MAX = 16_384;

/** Bytes that one read takes at most, for the same reason. */
const BYTES_MAX = 2 << 20;

/** One read of a queue on its way: where it is, and how far it may go. */
export class Reading {
  readonly queue: Queue;
  /** Behind the last offset that may be read. */
  readonly end: number;
  /** The queue offset that is to be looked at next. */
  next: number;
  over: boolean;
  messagesLeft: number;
  bytesLeft: number;
  /** Messages and bytes taken so far. */
  taken = 0;
  bytesTaken = 0;
  /** What `want` gave last. */
  readonly wanted: { -readonly [K in keyof Wanted]: Wanted[K] };
  /** Records behind `next` that are being fetched one by one, in order. */
  readonly fetching: Promise<Held>[] = [];
  readonly #from: number;
  readonly #sink: RecordSink;
  readonly #tagHashes: ReadonlySet<number> | undefined;
  #passedLeft = PASSED_MAX;

  constructor(queue: Queue, offset: number, end: number, limits: ReadLimits, sink: RecordSink) {
    this.queue = queue;
    this.next = Math.max(offset, queue.firstOffset);
    this.end = end;
    this.over = this.next >= end || limits.maxMessages <= 0;
    this.messagesLeft = limits.maxMessages;
    this.bytesLeft = Math.min(limits.maxBytes, BYTES_MAX);
    this.wanted = { queue, queueOffset: 0, logOffset: 0, size: 0 };
    this.#from = this.next;
    this.#sink = sink;
    this.#tagHashes = limits.tagHashes;
  }

  /** Whether a message with such a tag is wanted. */
  wants(tagHash: number): boolean {
    return this.#tagHashes === undefined || this.#tagHashes.has(tagHash);
  }

  /** Passes over a message that is not wanted, or a hole. */
  pass(): void {
    if (--this.#passedLeft === 0) this.over = true;
    this.#advance();
  }

  /** Whether a record of this size may still be taken; the read is over if not. */
  fits(size: number): boolean {
    if (this.taken > 0 && size > this.bytesLeft) this.over = true;
    return !this.over;
  }

  /** The record at `next`, and where it is; valid until the next call. */
  want(logOffset: number, size: number): Wanted {
    const wanted = this.wanted;
    wanted.queueOffset = this.next;
    wanted.logOffset = logOffset;
    wanted.size = size;
    return wanted;
  }

  take({ bytes, at, size }: Held): void {
    if (!this.#sink.take(bytes, at + RECORD_AT, at + size, this.next)) {
      this.over = true;
      return;
    }
    this.taken++;
    this.bytesTaken += size;
    this.bytesLeft -= size;
    if (--this.messagesLeft === 0) this.over = true;
    this.#advance();
  }

  /**
   * Where to go on after a failure at `next`: there, if the read got anywhere; whoever goes on there meets the failure
   * again. Else throws it, damage with its place in the queue.
   */
  failed(thrown: unknown): number {
    if (this.next > this.#from) return this.next;
    if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
    const { topic, id } = this.queue;
    throw new LogwheelError(
      "LOG_CORRUPT",
      `queue ${id} of topic ${topic.name} is damaged at offset ${this.next}: ${thrown.message}. ` +
        `What lies before and behind it can be read: go on from offset ${this.next + 1}, or restore the folder from a backup`,
      { topic: topic.name, cause: thrown },
    );
  }

  #advance(): void {
    if (++this.next >= this.end) this.over = true;
  }
}
