import type { Clock } from "../../proto/kernel/clock.js";
import type { Instant } from "./run.js";

/** A reading of the clock that comes later than this after the one before was held up by the process itself. */
export const GAP_MS = 250;

/** How often someone has to read the clock, so that a gap is one. */
export const PULSE_MS = 100;

/**
 * The clock that deadlines and leases go by: monotonic, but it stands still while the process does.
 *
 * After the process was paused its timers run before the heartbeats and acknowledgements are read that came meanwhile.
 * Time in which nobody could be heard counts for nobody: every deadline is later by the gap (rule 8).
 */
export class DeadlineClock {
  readonly #clock: Clock;
  readonly #gap: (gapMs: number) => void;
  #lastMs: number;
  #skippedMs = 0;
  #cancel: (() => void) | undefined;

  /** `gap` is told of every gap. */
  constructor(clock: Clock, gap: (gapMs: number) => void = () => {}) {
    this.#clock = clock;
    this.#gap = gap;
    this.#lastMs = clock.monotonicMs();
  }

  /** Reads the clock every PULSE_MS from now on, and calls `pulse` then. */
  start(pulse: () => void): void {
    this.stop();
    this.#lastMs = this.#clock.monotonicMs();
    const again = (): void => {
      this.#cancel = this.#clock.after(PULSE_MS, () => {
        this.nowMs();
        again();
        pulse();
      });
    };
    again();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  nowMs(): number {
    const readMs = this.#clock.monotonicMs();
    const gapMs = readMs - this.#lastMs;
    this.#lastMs = readMs;
    if (gapMs > GAP_MS && this.#cancel !== undefined) {
      this.#skippedMs += gapMs;
      this.#gap(gapMs);
    }
    return readMs - this.#skippedMs;
  }

  /** The present by this clock and by the wall clock. */
  instant(): Instant {
    return { wallMs: this.#clock.nowMs(), deadlineMs: this.nowMs() };
  }
}
