import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "../store/queue.js";
import type { Store } from "../store/store.js";

/** Waits at the same time. */
export const WAITERS_MAX = 10_000;

interface Waiter {
  /** Waits for a message at this offset. */
  readonly offset: number;
  readonly wake: () => void;
}

/** Calls that wait for the next message of a queue. The server ends every wait, so that no caller has to cancel. */
export class LongPoll {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #byQueue = new Map<Queue, Set<Waiter>>();
  readonly #unlisten: () => void;
  #count = 0;
  #stopped = false;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
    this.#unlisten = store.onVisible(() => this.#look());
  }

  /** How many wait. */
  get waiting(): number {
    return this.#count;
  }

  /**
   * Resolves when the queue has a visible message at `offset`, after `waitMs`, when `signal` aborts, or at the stop.
   * THROTTLED if too many wait already.
   */
  wait(queue: Queue, offset: number, waitMs: number, signal: AbortSignal): Promise<void> {
    if (this.#store.endOffset(queue) > offset || signal.aborted || this.#stopped) return Promise.resolve();
    if (this.#count >= WAITERS_MAX)
      throw new LogwheelError(
        "THROTTLED",
        `${WAITERS_MAX} calls wait for messages already: pull without waiting, or later`,
        { retryAfterMs: 1_000 },
      );
    return new Promise((resolve) => {
      const waiter: Waiter = {
        offset,
        wake: () => {
          cancel();
          signal.removeEventListener("abort", waiter.wake);
          this.#remove(queue, waiter);
          resolve();
        },
      };
      const cancel = this.#clock.after(waitMs, waiter.wake);
      signal.addEventListener("abort", waiter.wake, { once: true });
      this.#add(queue, waiter);
    });
  }

  /** Ends all waits, and every later one at once. */
  stop(): void {
    this.#stopped = true;
    this.#unlisten();
    for (const waiters of [...this.#byQueue.values()]) for (const waiter of [...waiters]) waiter.wake();
  }

  #look(): void {
    for (const [queue, waiters] of [...this.#byQueue]) {
      const end = this.#store.endOffset(queue);
      for (const waiter of [...waiters]) if (waiter.offset < end) waiter.wake();
    }
  }

  #add(queue: Queue, waiter: Waiter): void {
    const waiters = this.#byQueue.get(queue);
    if (waiters === undefined) this.#byQueue.set(queue, new Set([waiter]));
    else waiters.add(waiter);
    this.#count++;
  }

  #remove(queue: Queue, waiter: Waiter): void {
    const waiters = this.#byQueue.get(queue);
    if (waiters?.delete(waiter)) this.#count--;
    if (waiters?.size === 0) this.#byQueue.delete(queue);
  }
}
