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

  /** Whole milliseconds since 1970: what is due at this time is due. */
  nowMs(): number {
    return Math.floor(this.#exactMs);
  }

  /** The time after a delay, so that no fraction of a millisecond of it is missing. */
  inMs(delayMs: number): number {
    return Math.ceil(this.#exactMs + delayMs);
  }

  get #exactMs(): number {
    return this.#beganAtMs + this.#clock.monotonicMs();
  }
}
