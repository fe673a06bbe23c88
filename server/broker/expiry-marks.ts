import { DueHeap } from "./due-heap.js";

/** Offsets of a queue, `to` excluded. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * What was looked at of a queue for one group, and when something in it expires: nothing is read again before that. Pure.
 *
 * Invariant: of what lies below the tail, only the spans kept here have anything left that expires.
 */
export class ExpiryMarks {
  /** Beginnings of looked-at spans, by the time at which the first message in each expires. */
  readonly #due = new DueHeap();
  readonly #ends = new Map<number, number>();
  #tail = 0;
  #tailMs = 0;

  /** Where to look at `nowMs` in a queue that ends at `end`; null if nothing there can have expired. */
  next(nowMs: number, end: number): Span | null {
    const from = this.#due.nextOffset;
    if (this.#due.nextMs <= nowMs) return { from, to: this.#ends.get(from)! };
    return this.#tail < end && this.#tailMs <= nowMs ? { from: this.#tail, to: end } : null;
  }

  /** What `next` gave was looked at up to `to`; the first of what is left there expires at `atMs`. */
  looked({ from, to: end }: Span, to: number, atMs: number): void {
    if (from === this.#tail) this.#tail = to;
    else {
      this.#due.pop();
      this.#ends.delete(from);
      if (to < end) this.#keep(to, end, 0);
    }
    if (atMs < Number.POSITIVE_INFINITY) this.#keep(from, to, atMs);
  }

  /** Nothing from the tail on expires before `atMs`. */
  waits(atMs: number): void {
    this.#tailMs = atMs;
  }

  #keep(from: number, to: number, atMs: number): void {
    this.#ends.set(from, to);
    this.#due.push(atMs, from);
  }
}
