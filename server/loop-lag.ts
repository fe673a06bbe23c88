import { type IntervalHistogram, monitorEventLoopDelay } from "node:perf_hooks";
import type { Clock } from "../proto/kernel/clock.js";
import type { Lifecycle } from "../proto/kernel/lifecycle.js";

const RESOLUTION_MS = 10;
const WINDOW_MS = 1_000;

/** How late the event loop is: the 99th percentile over the last full second. */
export class LoopLag implements Lifecycle {
  readonly #clock: Clock;
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  #lagMs = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Milliseconds. */
  get lagMs(): number {
    return this.#lagMs;
  }

  async start(): Promise<void> {
    if (this.#cancel !== null) return;
    this.#histogram.enable();
    this.#later();
  }

  async stop(): Promise<void> {
    this.#cancel?.();
    this.#cancel = null;
    this.#histogram.disable();
  }

  #later(): void {
    this.#cancel = this.#clock.after(WINDOW_MS, () => {
      // The histogram counts the whole time between two looks, the wanted part of it too.
      this.#lagMs = Math.max(0, this.#histogram.percentile(99) / 1e6 - RESOLUTION_MS);
      this.#histogram.reset();
      this.#later();
    });
  }
}
