import type { Clock } from "../../proto/kernel/clock.js";

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Lets everything that is ready to run do so: microtasks, and what they queue for this turn of the event loop. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** A Clock that stands still until a test moves it. */
export class TestClock implements Clock {
  #nowMs: number;
  #monotonicMs = 0;
  readonly #timers = new Set<Timer>();
  /** How much too early timers fire: the machine's round down. */
  earlyMs = 0;
  /** How long a look at the monotonic clock takes: on a machine no two readings are equal. */
  readingMs = 0;

  constructor(nowMs = Date.UTC(2030, 0, 1)) {
    this.#nowMs = nowMs;
  }

  /** Whole, like the machine's. */
  nowMs(): number {
    return Math.floor(this.#nowMs);
  }

  monotonicMs(): number {
    this.#moveTo(this.#monotonicMs + this.readingMs);
    return this.#monotonicMs;
  }

  /** How many timers wait; zero proves that nothing was left behind. */
  get waiting(): number {
    return this.#timers.size;
  }

  after(delayMs: number, run: () => void): () => void {
    const timer = { dueMs: this.#monotonicMs + Math.max(0, delayMs - this.earlyMs), run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = (): void => {
        cancel();
        signal?.removeEventListener("abort", done);
        resolve();
      };
      const cancel = this.after(delayMs, done);
      signal?.addEventListener("abort", done, { once: true });
    });
  }

  /**
   * Moves both clocks on and fires what falls due on the way, each timer at its own time, equal times in the order
   * in which they were set. Tasks settle before the first move, after every firing and at the end.
   */
  async advance(ms: number): Promise<void> {
    await settle();
    const endMs = this.#monotonicMs + ms;
    for (let next = this.#earliest(endMs); next !== null; next = this.#earliest(endMs)) {
      this.#moveTo(next.dueMs);
      this.#timers.delete(next);
      next.run();
      await settle();
    }
    this.#moveTo(endMs);
    await settle();
  }

  /** Sets the wall clock off by `ms`, forwards or back, as an administrator would. Fires nothing. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }

  /** Moves both clocks on and fires nothing: the process stood still, and its timers are late. */
  stall(ms: number): void {
    this.#moveTo(this.#monotonicMs + ms);
  }

  #moveTo(monotonicMs: number): void {
    const byMs = Math.max(0, monotonicMs - this.#monotonicMs);
    this.#monotonicMs += byMs;
    this.#nowMs += byMs;
  }

  #earliest(endMs: number): Timer | null {
    let earliest: Timer | null = null;
    for (const timer of this.#timers) {
      if (timer.dueMs <= endMs && (earliest === null || timer.dueMs < earliest.dueMs)) earliest = timer;
    }
    return earliest;
  }
}
