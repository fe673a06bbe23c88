import type { Clock } from "../../proto/kernel/clock.js";
import { pause } from "../../proto/kernel/pause.js";
import { onAbort } from "./abort.js";
import type { CloseOptions } from "./types.js";

/** How long `close()` waits for what is under way. */
export const DRAIN_MS = 30_000;

/** The two halves of closing: finishing, which a deadline may cut short, and freeing, which always happens. */
export interface ClosingSteps {
  /** Stops taking new work and resolves when the old is done. `options` are those of `close`. */
  drain(options: CloseOptions): Promise<void>;
  /** Frees everything; what is still under way is given up. */
  end(): void | Promise<void>;
}

/** Closes something once, whoever asks and however often; a later call can only shorten the wait. Never rejects. */
export class Closing {
  readonly closed: Promise<void>;
  readonly #clock: Clock;
  readonly #steps: ClosingSteps;
  /** Aborts when the wait for the drain is over. */
  readonly #stop = new AbortController();
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
    const begun = this.#begun;
    this.#begun = true;
    if (!begun) this.#run(options).then(this.#resolve, this.#resolve);
    this.#limit(options);
    return this.closed;
  }

  async #run(options: CloseOptions): Promise<void> {
    const drained = this.#steps.drain(options).catch(() => {});
    const stopped = new Promise<void>((resolve) => onAbort(this.#stop.signal, resolve));
    await Promise.race([drained, stopped]);
    this.#stop.abort();
    await this.#steps.end();
  }

  #limit({ drain = true, timeoutMs = DRAIN_MS, signal }: CloseOptions): void {
    const stop = this.#stop;
    if (!drain || signal?.aborted) return stop.abort();
    if (stop.signal.aborted) return;
    const cancel = pause(this.#clock, timeoutMs, () => stop.abort());
    const ignore = signal && onAbort(signal, () => stop.abort());
    onAbort(stop.signal, () => {
      cancel();
      ignore?.();
    });
  }
}
