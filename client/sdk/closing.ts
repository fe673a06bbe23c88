import type { Clock } from "../../proto/kernel/clock.js";
import type { CloseOptions } from "./types.js";

/** How long `close()` waits for what is under way. */
export const DRAIN_MS = 30_000;

/** The two halves of closing: finishing, which a deadline may cut short, and freeing, which always happens. */
export interface ClosingSteps {
  /** Stops taking new work and resolves when the old is done. */
  drain(): Promise<void>;
  /** Frees everything; what is still under way is given up. */
  end(): void | Promise<void>;
}

/** Closes something once, whoever asks and however often. Never rejects. */
export class Closing {
  readonly closed: Promise<void>;
  readonly #clock: Clock;
  readonly #steps: ClosingSteps;
  #resolve!: () => void;
  #begun = false;

  constructor(clock: Clock, steps: ClosingSteps) {
    this.#clock = clock;
    this.#steps = steps;
    this.closed = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Whether `close` has been called. */
  get begun(): boolean {
    return this.#begun;
  }

  close(options: CloseOptions = {}): Promise<void> {
    if (!this.#begun) {
      this.#begun = true;
      this.#run(options).then(this.#resolve, this.#resolve);
    }
    return this.closed;
  }

  async #run(options: CloseOptions): Promise<void> {
    const { drain = true, timeoutMs = DRAIN_MS, signal } = options;
    const drained = this.#steps.drain();
    if (drain) {
      const stop = new AbortController();
      const ended = (): void => stop.abort();
      if (signal?.aborted) ended();
      else signal?.addEventListener("abort", ended, { once: true });
      await Promise.race([drained.catch(() => {}), this.#clock.sleep(timeoutMs, stop.signal)]);
      stop.abort();
      signal?.removeEventListener("abort", ended);
    } else drained.catch(() => {});
    await this.#steps.end();
  }
}
