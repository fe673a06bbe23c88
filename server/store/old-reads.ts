import type { Clock } from "../../proto/kernel/clock.js";

/** Least that reads of old messages get, bytes a second, unless told otherwise. */
export const OLD_READ_BYTES = 48 << 20;

/** What they get beside publishing that takes next to nothing, bytes a second; a byte published takes `TAKEN` of it. */
const FREE_BYTES = 2 ** 31;
const TAKEN = 16;

/** Below so many bytes published a second, which the cursors of consumers alone may be, nothing is limited. */
const QUIET_BYTES = 1 << 20;

/** A message counts as so many bytes more: small ones cost more than their bytes. */
const MESSAGE_BYTES = 512;

/** What is published is measured over this time at least. */
const WINDOW_MS = 100;

/** Messages are not old for as long as this at the present rate of publishing. */
const RECENT_MS = 10_000;

/** What a turn costs, whatever the read then brings. */
const TURN_BYTES = 16 << 10;

/** Timers are late: so much of the time before a read may still be used. */
const LATE_MS = 10;

/** Nobody waits longer for a turn. */
const WAIT_MS_MAX = 1_000;

/** Bytes a second for reads of old messages, while so many are published. */
export function oldReadRate(publishedBytes: number, bytesMin: number): number {
  if (publishedBytes < QUIET_BYTES) return Number.POSITIVE_INFINITY;
  return Math.max(bytesMin, FREE_BYTES - TAKEN * publishedBytes);
}

/** Bytes before the end of the log that are not old: those of the last seconds, and a segment at least. */
export function recentBytes(publishedBytes: number, segmentBytes: number): number {
  return Math.max(segmentBytes, (publishedBytes * RECENT_MS) / 1_000);
}

/** What the turns stand on. */
export interface OldReadsDeps {
  readonly clock: Clock;
  /** Log offset of the next record. */
  logEnd(): number;
  readonly segmentBytes: number;
  /** Bytes a second at least. */
  readonly bytesMin: number;
}

interface Waiting {
  readonly sinceMs: number;
  readonly go: () => void;
}

/**
 * Turns for reads of old messages: publishing goes first, and they get what it leaves, in the order in which they came.
 *
 * A read is charged what it brought when it has ended, and the next turn is so much later. Who waits goes on after a
 * second at the latest, whatever that takes.
 */
export class OldReads {
  readonly #deps: OldReadsDeps;
  readonly #waiting: Waiting[] = [];
  #cancel: (() => void) | undefined;
  /** When the next turn is. */
  #nextMs = 0;
  #measuredMs: number;
  #measuredEnd: number;
  #publishedBytes = 0;
  #closed = false;

  constructor(deps: OldReadsDeps) {
    this.#deps = deps;
    this.#measuredMs = deps.clock.monotonicMs();
    this.#measuredEnd = deps.logEnd();
  }

  /** Whether so much is published that reads of old messages are limited. */
  get limited(): boolean {
    return this.#rate(this.#deps.clock.monotonicMs()) !== Number.POSITIVE_INFINITY;
  }

  /** Whether what is at this log offset is old. */
  isOld(logOffset: number): boolean {
    const { logEnd, segmentBytes } = this.#deps;
    return logOffset < logEnd() - recentBytes(this.#publishedBytes, segmentBytes);
  }

  /** Undefined if what is at this log offset may be read at once; else resolves when it may. */
  turn(logOffset: number): Promise<void> | undefined {
    if (this.#closed || !this.isOld(logOffset)) return undefined;
    const nowMs = this.#deps.clock.monotonicMs();
    const rate = this.#rate(nowMs);
    if (rate === Number.POSITIVE_INFINITY) return undefined;
    if (this.#waiting.length === 0 && nowMs >= this.#nextMs) {
      this.#charge(nowMs, rate, TURN_BYTES);
      return undefined;
    }
    return new Promise((go) => {
      this.#waiting.push({ sinceMs: nowMs, go });
      if (this.#waiting.length === 1) this.#wait(nowMs);
    });
  }

  /** A read at this log offset has ended with so many messages and bytes. */
  took(logOffset: number, messages: number, bytes: number): void {
    if (!this.isOld(logOffset)) return;
    const nowMs = this.#deps.clock.monotonicMs();
    this.#charge(nowMs, this.#rate(nowMs), bytes + messages * MESSAGE_BYTES);
  }

  /** Lets everybody go on. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    for (const { go } of this.#waiting.splice(0)) go();
  }

  #rate(nowMs: number): number {
    const passedMs = nowMs - this.#measuredMs;
    if (passedMs >= WINDOW_MS) {
      const end = this.#deps.logEnd();
      this.#publishedBytes = ((end - this.#measuredEnd) * 1_000) / passedMs;
      this.#measuredEnd = end;
      this.#measuredMs = nowMs;
    }
    return oldReadRate(this.#publishedBytes, this.#deps.bytesMin);
  }

  #charge(nowMs: number, rate: number, bytes: number): void {
    const fromMs = Math.max(this.#nextMs, nowMs - LATE_MS);
    this.#nextMs = Math.min(fromMs + (bytes * 1_000) / rate, nowMs + WAIT_MS_MAX);
  }

  #wait(nowMs: number): void {
    const latestMs = Math.min(this.#nextMs, this.#waiting[0]!.sinceMs + WAIT_MS_MAX, nowMs + WINDOW_MS);
    this.#cancel = this.#deps.clock.after(Math.max(0, latestMs - nowMs), () => this.#goOn());
  }

  #goOn(): void {
    const nowMs = this.#deps.clock.monotonicMs();
    const rate = this.#rate(nowMs);
    while (this.#waiting.length > 0) {
      const { sinceMs, go } = this.#waiting[0]!;
      if (nowMs < this.#nextMs && nowMs - sinceMs < WAIT_MS_MAX && rate !== Number.POSITIVE_INFINITY) break;
      this.#waiting.shift();
      this.#charge(nowMs, rate, TURN_BYTES);
      go();
    }
    if (this.#waiting.length > 0) this.#wait(nowMs);
  }
}
