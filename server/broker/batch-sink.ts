import type { BatchBuilder } from "../../proto/kernel/consume-codec.js";
import { recordKeyHash } from "../../proto/kernel/record.js";
import type { TopicState } from "../store/queue.js";
import type { ReadLimits, RecordSink } from "../store/queue-reader.js";
import { EXPIRED, type ExpiredRecord, expiresAtMs } from "./expiry.js";
import { type MessageFilter, readLimits } from "./filter.js";
import type { KeyOrder } from "./key-order.js";
import type { LastErrors } from "./last-errors.js";
import type { Run } from "./run.js";

/** What a batch has to know to leave out what has expired. */
export interface Expiry {
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
  /** Bytes of expired records that may go to the dead letters now. */
  readonly bytesMax: number;
  /** There are dead letters: not for members that keep their place themselves. */
  readonly deadLetters: boolean;
}

/** What one read passes over for a batch that has no room. */
const PASSED: ReadLimits = { maxMessages: 1_024, maxBytes: 512 << 10 };

/** Expired messages of one run: each is copied, and kept by the cursor until it is moved. */
const DYING_MAX = 256;

/** Takes records into a batch, and notes what the filter left out. One for all batches of a member. */
export class BatchSink implements RecordSink {
  readonly #batch: BatchBuilder;
  readonly #notesOffsets: boolean;
  #filter: MessageFilter | undefined;
  #ttlMs = 0;
  #keepsExpired = false;
  #expiry: Expiry = { nowMs: 0, bytesMax: 0, deadLetters: false };
  #expiredBytes = 0;
  #run: Run = { from: 0, to: 0, attempt: 1 };
  #errors: LastErrors | undefined;
  /** The offset that comes next if nothing is left out. */
  #expected = 0;
  #gaps: number[] = [];
  #offsets: number[] = [];
  #held: number[] = [];
  #keys: KeyOrder | null = null;
  /** Without room it passes over what is left out, up to the first message that is not. */
  #hasRoom = false;
  #messagesMax = 0;
  #bytesMax = 0;
  /** Of the batch so far. */
  messages = 0;
  bytes = 0;
  redelivered = 0;
  nextOffset = 0;
  /** A batch without room has come to a message that stays where it is, until then; 0 before that. */
  standsUntilMs = 0;
  /** Of the run: messages that were left out because they have expired, and those that go to the dead letters. */
  expired = 0;
  dying: ExpiredRecord[] = [];

  constructor(batch: BatchBuilder, notesOffsets: boolean) {
    this.#batch = batch;
    this.#notesOffsets = notesOffsets;
  }

  /** A new batch. */
  begin(
    messagesMax: number,
    bytesMax: number,
    filter: MessageFilter | undefined,
    topic: TopicState,
    expiry: Expiry,
  ): void {
    this.#ttlMs = topic.ttlMs ?? 0;
    this.#keepsExpired =
      expiry.deadLetters && (topic.expired ?? EXPIRED.toDeadLetters) === EXPIRED.toDeadLetters;
    this.#expiry = expiry;
    this.#expiredBytes = 0;
    this.#messagesMax = messagesMax;
    this.#bytesMax = bytesMax;
    this.#hasRoom = messagesMax > 0 && bytesMax > 0;
    this.#filter = filter;
    this.messages = this.bytes = this.redelivered = this.nextOffset = this.standsUntilMs = 0;
  }

  /** Nothing more is to be read for this batch. */
  get over(): boolean {
    return this.#hasRoom ? this.full : this.standsUntilMs > 0;
  }

  get full(): boolean {
    return this.messages >= this.#messagesMax || this.bytes >= this.#bytesMax;
  }

  /** A run of the batch, in order by `keys` unless null; returns what the store has to know. */
  start(run: Run, keys: KeyOrder | null, errors?: LastErrors): ReadLimits {
    this.#run = run;
    this.#errors = errors;
    this.#expected = run.from;
    this.#gaps = [];
    this.#offsets = [];
    this.#held = [];
    this.#keys = keys;
    this.expired = 0;
    this.dying = [];
    const span = run.to - run.from;
    const room = this.#hasRoom
      ? { maxMessages: this.#messagesMax - this.messages, maxBytes: this.#bytesMax - this.bytes }
      : PASSED;
    const maxMessages = Math.min(room.maxMessages, span);
    return this.#filter === undefined || run.passes
      ? { ...room, maxMessages }
      : readLimits(this.#filter, { ...room, maxMessages }, span);
  }

  /** What the run has to hold back, so far. */
  get held(): readonly number[] {
    return this.#held;
  }

  take(bytes: Buffer, start: number, end: number, queueOffset: number): boolean {
    if (queueOffset >= this.#run.to || this.over) return false;
    if (this.#run.passes) return this.#pass(bytes, start, queueOffset);
    const size = end - start;
    if (this.messages > 0 && this.bytes + size > this.#bytesMax) return false;
    if (this.#filter !== undefined && !this.#filter.wants(bytes, start, end)) return true;
    const atMs = expiresAtMs(bytes, start, end, this.#ttlMs);
    if (atMs <= this.#expiry.nowMs) return this.#expire(bytes, start, end, queueOffset);
    if (!this.#hasRoom) {
      this.standsUntilMs = atMs;
      return false;
    }
    if (queueOffset > this.#expected) this.#gaps.push(this.#expected, queueOffset);
    this.#expected = queueOffset + 1;
    if (this.#keys?.holds(queueOffset, recordKeyHash(bytes, start))) {
      this.#held.push(queueOffset);
      return true;
    }
    const { attempt } = this.#run;
    this.#batch.add(bytes, start, end, attempt, attempt > 1 ? this.#errors?.get(queueOffset) : undefined);
    if (this.#notesOffsets) this.#offsets.push(queueOffset);
    this.messages++;
    this.bytes += size;
    if (attempt > 1) this.redelivered++;
    return true;
  }

  /** A message that is dropped counts as left out; one that goes to the dead letters is acknowledged with its copy there. */
  #expire(bytes: Buffer, start: number, end: number, offset: number): boolean {
    if (this.#keepsExpired) {
      this.#expiredBytes += end - start;
      const enough = this.#expiredBytes > this.#expiry.bytesMax || this.dying.length === DYING_MAX;
      if (enough && this.dying.length > 0) return false;
      if (offset > this.#expected) this.#gaps.push(this.#expected, offset);
      this.#expected = offset + 1;
      this.#keys?.note(offset, recordKeyHash(bytes, start));
      const { attempt } = this.#run;
      this.dying.push({ offset, attempt, record: Buffer.from(bytes.subarray(start, end)) });
    }
    this.expired++;
    return true;
  }

  /** The run was read up to `to`: what was left out (start, end, …), what was held back, and in shared mode what was taken. */
  finish(to: number): { gaps: readonly number[]; held: readonly number[]; offsets: readonly number[] } {
    if (this.#expected < to) this.#gaps.push(this.#expected, to);
    this.nextOffset = Math.max(this.nextOffset, to);
    return { gaps: this.#gaps, held: this.#held, offsets: this.#offsets };
  }

  /** Whatever else it is, it has to wait: what becomes of it is decided when it is its turn. */
  #pass(bytes: Buffer, start: number, offset: number): true {
    this.#keys!.holds(offset, recordKeyHash(bytes, start));
    this.#expected = offset + 1;
    this.#held.push(offset);
    return true;
  }
}
