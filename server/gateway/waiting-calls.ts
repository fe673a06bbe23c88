import type { Clock } from "../../proto/kernel/clock.js";

/** A call that waits. */
interface WaitingCall {
  readonly broker: string;
  readonly max: number;
  readonly wake: () => void;
}

/** Calls that wait until something comes from a broker. */
export class WaitingCalls {
  readonly #clock: Clock;
  readonly #calls = new Set<WaitingCall>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Brokers that a call waits for. */
  get brokers(): ReadonlySet<string> {
    return new Set(Array.from(this.#calls, ({ broker }) => broker));
  }

  /** Messages that all calls want of a broker. */
  wanted(broker: string): number {
    let sum = 0;
    for (const call of this.#calls) if (call.broker === broker) sum += call.max;
    return sum;
  }

  wakeAll(): void {
    for (const { wake } of this.#calls) wake();
  }

  /** Resolves when calls are woken, when the time is over, or when the caller goes. `max` is how many messages it wants. */
  wait(
    { broker, max, signal }: { readonly broker: string; readonly max: number; readonly signal: AbortSignal },
    waitMs: number,
  ): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        if (!this.#calls.delete(call)) return;
        cancel();
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const call: WaitingCall = { broker, max, wake };
      this.#calls.add(call);
      const cancel = this.#clock.after(waitMs, wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }
}
