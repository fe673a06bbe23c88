import type { Clock } from "../../proto/kernel/clock.js";

/** Calls that wait until something comes from a broker. */
export class WaitingCalls {
  readonly #clock: Clock;
  readonly #calls = new Set<{ readonly broker: string; readonly wake: () => void }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Brokers that a call waits for. */
  get brokers(): ReadonlySet<string> {
    return new Set(Array.from(this.#calls, ({ broker }) => broker));
  }

  wakeAll(): void {
    for (const { wake } of this.#calls) wake();
  }

  /** Resolves when calls are woken, when the time is over, or when the caller goes. */
  async wait(broker: string, waitMs: number, signal: AbortSignal): Promise<void> {
    const stop = new AbortController();
    const wake = (): void => stop.abort();
    const call = { broker, wake };
    this.#calls.add(call);
    signal.addEventListener("abort", wake, { once: true });
    try {
      await this.#clock.sleep(waitMs, stop.signal);
    } finally {
      this.#calls.delete(call);
      signal.removeEventListener("abort", wake);
    }
  }
}
