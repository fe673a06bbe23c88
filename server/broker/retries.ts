import { DueHeap } from "./due-heap.js";

/** A message that was not handled, from its failure until it is acknowledged. */
export interface Retry {
  /** Of the next delivery, or of the one that is out. */
  attempt: number;
  /** When it may be delivered again, by the wall clock: what is stored. */
  dueMs: number;
  /** The same by the clock that deadlines go by. */
  readyAtMs: number;
  /** It was delivered again and has no answer yet. */
  out: boolean;
  /** It was out, and the cursor began anew: until it is delivered again its member, which is back, may answer. */
  rewound: boolean;
}

/** Stale heap entries beyond which the heap is made anew. */
const SLACK = 64;

/** The failed messages of one cursor: those that wait for their time and those that are out again. */
export class Retries {
  readonly #byOffset = new Map<number, Retry>();
  /** Waiting ones by time; entries that no longer count are dropped when they come up. */
  readonly #due = new DueHeap();
  /** Offsets that the cursor has to go around on its way forward, highest first. */
  #ahead: number[] = [];

  /** Failed messages without an acknowledgement. */
  get size(): number {
    return this.#byOffset.size;
  }

  get(offset: number): Retry | undefined {
    return this.#byOffset.get(offset);
  }

  has(offset: number): boolean {
    return this.#byOffset.has(offset);
  }

  /** Lets a message wait until `readyAtMs` for its next attempt. */
  wait(offset: number, retry: Omit<Retry, "out" | "rewound">): void {
    this.#byOffset.set(offset, { ...retry, out: false, rewound: false });
    this.#schedule(offset, retry.readyAtMs);
  }

  /** The message was delivered again, unless it is one that is not to be. */
  sent(offset: number): void {
    const retry = this.#byOffset.get(offset);
    if (retry === undefined || retry.readyAtMs === Number.POSITIVE_INFINITY) return;
    retry.out = true;
    retry.rewound = false;
  }

  /** The member has given it back without an answer to this attempt. */
  takeBack(offset: number): void {
    const retry = this.#byOffset.get(offset);
    if (retry !== undefined) retry.out = false;
  }

  /** The first message whose time has come; -1 if there is none. */
  ready(nowMs: number): number {
    return this.nextReadyMs() <= nowMs ? this.#due.nextOffset : -1;
  }

  /** When the next waiting message is ready; Infinity if none waits. */
  nextReadyMs(): number {
    while (this.#due.size > 0 && !this.#counts(this.#due.nextOffset, this.#due.nextMs)) this.#due.pop();
    return this.#due.nextMs;
  }

  /** What was out at `from` or behind waits again and is ready now; the cursor begins there anew. */
  rewind(from: number, nowMs: number): void {
    for (const [offset, retry] of this.#byOffset) {
      if (!retry.out || offset < from) continue;
      retry.out = false;
      retry.rewound = true;
      retry.readyAtMs = nowMs;
      this.#schedule(offset, nowMs);
    }
    this.lookAhead(from);
  }

  /** The cursor stands at `from`, before some of the failed messages. */
  lookAhead(from: number): void {
    this.#ahead = [...this.#byOffset.keys()].filter((offset) => offset >= from).sort((a, b) => b - a);
  }

  /** The lowest failed message above `offset` that the cursor has not passed since the last `lookAhead`; Infinity without one. */
  nextAhead(offset: number): number {
    while (this.#ahead.length > 0 && this.#ahead.at(-1)! <= offset) this.#ahead.pop();
    return this.#ahead.at(-1) ?? Number.POSITIVE_INFINITY;
  }

  /** How many wait below `next`, wait from there on, and are out from there on. */
  countAround(next: number): { waitingBelow: number; waitingAhead: number; outAhead: number } {
    const count = { waitingBelow: 0, waitingAhead: 0, outAhead: 0 };
    for (const [offset, { out }] of this.#byOffset) {
      if (offset < next) count.waitingBelow += out ? 0 : 1;
      else if (out) count.outAhead++;
      else count.waitingAhead++;
    }
    return count;
  }

  /** The lowest offset that waits, and the lowest that is out at `next` or above; Infinity where none is. */
  lowest(next: number): { waiting: number; outAhead: number } {
    const lowest = { waiting: Number.POSITIVE_INFINITY, outAhead: Number.POSITIVE_INFINITY };
    for (const [offset, { out }] of this.#byOffset) {
      if (!out) lowest.waiting = Math.min(lowest.waiting, offset);
      else if (offset >= next) lowest.outAhead = Math.min(lowest.outAhead, offset);
    }
    return lowest;
  }

  /** Whether there is one at `offset` or above. */
  anyFrom(offset: number): boolean {
    for (const at of this.#byOffset.keys()) if (at >= offset) return true;
    return false;
  }

  /** Forgets the messages of `[start, end)`. */
  forget(start: number, end: number): void {
    forgetRange(this.#byOffset, start, end);
  }

  /** All of them, lowest offset first. */
  entries(): [offset: number, retry: Retry][] {
    return [...this.#byOffset].sort(([a], [b]) => a - b);
  }

  clear(): void {
    this.#byOffset.clear();
    this.#due.clear();
    this.#ahead = [];
  }

  #counts(offset: number, readyAtMs: number): boolean {
    const retry = this.#byOffset.get(offset);
    return retry !== undefined && !retry.out && retry.readyAtMs === readyAtMs;
  }

  #schedule(offset: number, readyAtMs: number): void {
    this.#due.push(readyAtMs, offset);
    if (this.#due.size <= 2 * this.#byOffset.size + SLACK) return;
    this.#due.clear();
    for (const [at, retry] of this.#byOffset) if (!retry.out) this.#due.push(retry.readyAtMs, at);
  }
}

/** Deletes the keys in `[start, end)` of a map or set of offsets, by whichever way is shorter. */
export function forgetRange(
  offsets: { readonly size: number; keys(): Iterable<number>; delete(offset: number): boolean },
  start: number,
  end: number,
): void {
  if (offsets.size === 0) return;
  if (end - start <= offsets.size) for (let at = start; at < end; at++) offsets.delete(at);
  else for (const at of offsets.keys()) if (at >= start && at < end) offsets.delete(at);
}
