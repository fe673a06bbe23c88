import type { BatchBuilder } from "../../proto/kernel/consume-codec.js";
import { recordKeyHash } from "../../proto/kernel/record.js";
import type { RecordSink } from "../store/queue-reader.js";
import type { Run } from "./cursor.js";
import type { TagFilter } from "./filter.js";
import type { KeyOrder } from "./key-order.js";

/** Takes records into a batch, and notes what the filter left out. One for all batches of a member. */
export class BatchSink implements RecordSink {
  readonly #batch: BatchBuilder;
  readonly #notesOffsets: boolean;
  #filter: TagFilter | undefined;
  #run: Run = { from: 0, to: 0, attempt: 1 };
  /** The offset that comes next if nothing is left out. */
  #expected = 0;
  #gaps: number[] = [];
  #offsets: number[] = [];
  #held: number[] = [];
  #keys: KeyOrder | null = null;
  #messagesMax = 0;
  #bytesMax = 0;
  /** Of the batch so far. */
  messages = 0;
  bytes = 0;
  redelivered = 0;
  nextOffset = 0;

  constructor(batch: BatchBuilder, notesOffsets: boolean) {
    this.#batch = batch;
    this.#notesOffsets = notesOffsets;
  }

  /** A new batch. */
  begin(messagesMax: number, bytesMax: number, filter: TagFilter | undefined): void {
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
    this.#filter = filter;
    this.messages = this.bytes = this.redelivered = this.nextOffset = 0;
  }

  get full(): boolean {
    return this.messages >= this.#messagesMax || this.bytes >= this.#bytesMax;
  }

  /** A run of the batch, in order by `keys` unless null; returns what the store has to know. */
  start(
    run: Run,
    keys: KeyOrder | null,
  ): { filter: TagFilter | undefined; messagesLeft: number; bytesLeft: number } {
    this.#run = run;
    this.#expected = run.from;
    this.#gaps = [];
    this.#offsets = [];
    this.#held = [];
    this.#keys = keys;
    return {
      filter: this.#filter,
      messagesLeft: this.#messagesMax - this.messages,
      bytesLeft: this.#bytesMax - this.bytes,
    };
  }

  /** What the run has to hold back, so far. */
  get held(): readonly number[] {
    return this.#held;
  }

  take(bytes: Buffer, start: number, end: number, queueOffset: number): boolean {
    if (queueOffset >= this.#run.to) return false;
    const size = end - start;
    if (this.messages > 0 && this.bytes + size > this.#bytesMax) return false;
    if (this.#filter !== undefined && !this.#filter.wants(bytes, start, end)) return true;
    if (queueOffset > this.#expected) this.#gaps.push(this.#expected, queueOffset);
    this.#expected = queueOffset + 1;
    if (this.#holds(queueOffset, bytes, start)) return true;
    this.#batch.add(bytes, start, end, this.#run.attempt);
    if (this.#notesOffsets) this.#offsets.push(queueOffset);
    this.messages++;
    this.bytes += size;
    if (this.#run.attempt > 1) this.redelivered++;
    return true;
  }

  /** The run was read up to `to`: what was left out (start, end, …), what was held back, and in shared mode what was taken. */
  finish(to: number): { gaps: readonly number[]; held: readonly number[]; offsets: readonly number[] } {
    if (this.#expected < to) this.#gaps.push(this.#expected, to);
    this.nextOffset = Math.max(this.nextOffset, to);
    return { gaps: this.#gaps, held: this.#held, offsets: this.#offsets };
  }

  #holds(queueOffset: number, bytes: Buffer, start: number): boolean {
    if (this.#keys === null) return false;
    const { attempt, passes } = this.#run;
    // What was sent before has its key's turn.
    const holds = this.#keys.holds(queueOffset, recordKeyHash(bytes, start)) && attempt === 1;
    if (holds || passes) this.#held.push(queueOffset);
    return holds || passes === true;
  }
}
