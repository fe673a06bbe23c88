import type { Clock } from "./clock.js";

/** How exactly the end of a caller's time is kept. */
const STEP_MS = 50;

/** What a caller is told that waits on. */
export const EXPIRED = "the time that the caller gave the call is over";

/** A call that its caller does not wait for for ever. */
export interface Expiring {
  /** The caller waits no more. */
  expire(): void;
}

/**
 * The times that callers give their calls: one timer for all of them, because nearly every call has one and is over long before it.
 * None comes too early, or more than 50 ms too late.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #steps = new Map<number, Set<Expiring>>();
  /** The first step that was not looked at. */
  #next = 0;
  #cancel: (() => void) | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Ends the call when so many milliseconds are over; returns what `remove` asks for. */
  add(call: Expiring, timeoutMs: number): number {
    const nowMs = this.#clock.monotonicMs();
    const step = Math.ceil((nowMs + timeoutMs) / STEP_MS);
    const calls = this.#steps.get(step);
    if (calls === undefined) this.#steps.set(step, new Set([call]));
    else calls.add(call);
    if (this.#cancel !== null) return step;
    this.#next = Math.floor(nowMs / STEP_MS);
    this.#lookLater();
    return step;
  }

  remove(call: Expiring, step: number): void {
    const calls = this.#steps.get(step);
    if (calls === undefined) return;
    calls.delete(call);
    if (calls.size === 0) this.#steps.delete(step);
  }

  /** Ends nothing more. */
  close(): void {
    this.#cancel?.();
    this.#steps.clear();
  }

  #lookLater(): void {
    this.#cancel = this.#clock.after(STEP_MS, () => this.#look());
  }

  #look(): void {
    this.#cancel = null;
    const now = Math.floor(this.#clock.monotonicMs() / STEP_MS);
    for (; this.#next <= now; this.#next++) {
      const due = this.#steps.get(this.#next);
      this.#steps.delete(this.#next);
      for (const call of due ?? []) call.expire();
    }
    if (this.#steps.size > 0) this.#lookLater();
  }
}
