import type { Clock } from "../../proto/kernel/clock.js";

/**
 * Wall-clock time that passes like the monotonic clock: what is due is never early, and steps of the wall clock change
 * nothing, while the process runs. A start takes the wall clock as it is.
 */
export class DueClock {
  readonly #clock: Clock;
  readonly #beganAtMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#beganAtMs = clock.nowMs() - clock.monotonicMs();
  }

  /** Whole milliseconds since 1970. */
  nowMs(): number {
    return Math.floor(this.#beganAtMs + this.#clock.monotonicMs());
  }
}
