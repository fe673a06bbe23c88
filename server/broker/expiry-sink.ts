import type { TopicState } from "../store/queue.js";
import type { ReadLimits, RecordSink } from "../store/queue-reader.js";
import type { Cursor } from "./cursor.js";
import { EXPIRED, type ExpiredRecord, expiresAtMs } from "./expiry.js";
import type { MessageFilter } from "./filter.js";

/** What one read looks at. */
const LIMITS: ReadLimits = { maxMessages: 1_024, maxBytes: 256 << 10 };

/** What a look has to know. */
export interface Look {
  readonly topic: TopicState;
  readonly cursor: Cursor;
  readonly filter: MessageFilter;
  /** Where the look ends. */
  readonly to: number;
  /** Wall clock, milliseconds. */
  readonly nowMs: number;
}

/** Takes what has expired out of what is read for a group that nothing is delivered to. */
export class ExpirySink implements RecordSink {
  readonly limits = LIMITS;
  readonly #look: Look;
  /** Messages that the group would have had. */
  expired = 0;
  /** Those of them that go to the dead letters. */
  readonly dying: ExpiredRecord[] = [];
  /** What is acknowledged without: dropped, or nothing that the filter wants. */
  readonly gone: number[] = [];
  /** When the first of the others expires. */
  nextMs = Number.POSITIVE_INFINITY;
  /** Nothing from the last record on expires before `nextMs`. */
  stopped = false;

  constructor(look: Look) {
    this.#look = look;
  }

  take(bytes: Buffer, start: number, end: number, offset: number): boolean {
    const { topic, cursor, filter, to, nowMs } = this.#look;
    if (offset >= to) return false;
    if (cursor.isAcknowledged(offset) || cursor.holds(offset)) return true;
    const atMs = expiresAtMs(bytes, start, end, topic.ttlMs);
    if (atMs > nowMs) return this.#pass(atMs);
    const wanted = filter.wants(bytes, start, end);
    if (wanted) this.expired++;
    if (wanted && topic.expired === EXPIRED.toDeadLetters) {
      const { attempt } = cursor.about(offset);
      this.dying.push({ offset, attempt, record: Buffer.from(bytes.subarray(start, end)) });
    } else this.gone.push(offset);
    return true;
  }

  /** Store times never fall along the log: where only the topic says how long messages live, the later ones expire later. */
  #pass(atMs: number): boolean {
    this.nextMs = Math.min(this.nextMs, atMs);
    this.stopped = !this.#look.topic.ownTtl;
    return !this.stopped;
  }
}
