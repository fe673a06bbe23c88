import type { Clock } from "../proto/kernel/clock.js";
import type { Lifecycle } from "../proto/kernel/lifecycle.js";

const TICK_MS = 10;
const WINDOW_MS = 1_000;
/** One call in a hundred may see more. */
const BEYOND = 0.01;

/**
 * How late the event loop is: the 99th percentile, over the last full second, of what a call waits that comes at any
 * moment. Ticks are not counted: a loop that is held for 300 ms has missed one tick, and a third of the calls.
 */
export class LoopLag implements Lifecycle {
  readonly #clock: Clock;
  readonly #onSecond: (lagMs: number) => void;
  /** For how long the loop was held, each time, in this second. */
  #heldMs: number[] = [];
  #sinceMs = 0;
  #lagMs = 0;
  #cancel: (() => void) | null = null;

  /** `onSecond` is told each second's delay when it is over. */
  constructor(clock: Clock, onSecond: (lagMs: number) => void = () => {}) {
    this.#clock = clock;
    this.#onSecond = onSecond;
  }

  /** Milliseconds. */
  get lagMs(): number {
    return this.#lagMs;
  }

  async start(): Promise<void> {
    if (this.#cancel !== null) return;
    this.#sinceMs = this.#clock.monotonicMs();
    this.#later(this.#sinceMs);
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
  }

  #later(nowMs: number): void {
    this.#cancel = this.#clock.after(TICK_MS, () => this.#tick(nowMs + TICK_MS));
  }

  #tick(dueMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs > dueMs) this.#heldMs.push(nowMs - dueMs);
    if (nowMs - this.#sinceMs >= WINDOW_MS) this.#close(nowMs);
    this.#later(nowMs);
  }

  #close(nowMs: number): void {
    this.#lagMs = exceededFor(this.#heldMs, (nowMs - this.#sinceMs) * BEYOND);
    this.#heldMs = [];
    this.#sinceMs = nowMs;
    this.#onSecond(this.#lagMs);
  }
}

/** The wait that calls exceed which come during `ms` of the time: one that comes while the loop is held waits for the rest. */
function exceededFor(heldMs: readonly number[], ms: number): number {
  let waitMs = 0;
  let sumMs = 0;
  for (const [index, longestMs] of heldMs.toSorted((a, b) => b - a).entries()) {
    if (longestMs <= waitMs) break;
    sumMs += longestMs;
    waitMs = (sumMs - ms) / (index + 1);
  }
  return Math.max(0, waitMs);
}
