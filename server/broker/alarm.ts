import type { Clock } from "../../proto/kernel/clock.js";
import type { DeadlineClock } from "./deadline-clock.js";

/** One timer for many deadlines: rings at the earliest that was set since it rang last. */
export class Alarm {
  readonly #clock: Clock;
  readonly #deadlines: DeadlineClock;
  readonly #ring: () => void;
  #cancel: (() => void) | undefined;
  #atMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock, deadlines: DeadlineClock, ring: () => void) {
    this.#clock = clock;
    this.#deadlines = deadlines;
    this.#ring = ring;
  }

  /** Rings no later than at `atMs`, by the deadline clock; soon if that has passed. */
  set(atMs: number): void {
    if (atMs >= this.#atMs) return;
    this.clear();
    this.#atMs = atMs;
    this.#cancel = this.#clock.after(Math.max(0, atMs - this.#deadlines.nowMs()), () => {
      this.#atMs = Number.POSITIVE_INFINITY;
      this.#ring();
    });
  }

  /** Does not ring until it is set again. */
  clear(): void {
    this.#cancel?.();
    this.#atMs = Number.POSITIVE_INFINITY;
  }
}
