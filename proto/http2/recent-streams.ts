const CLOSED_KEPT = 64;
const RESET_KEPT = 1_024;

/** Remembers the streams that were closed last: what a peer may still say on them depends on who closed them, and how. */
export class RecentStreams {
  readonly #closed = new Int32Array(CLOSED_KEPT);
  readonly #reset = new Int32Array(RESET_KEPT);
  #closedCount = 0;
  #resetCount = 0;

  /** `reset`: by us, before the peer had ended it, so that it may write on until it knows. */
  add(stream: number, reset: boolean): void {
    if (reset) this.#reset[this.#resetCount++ % RESET_KEPT] = stream;
    else this.#closed[this.#closedCount++ % CLOSED_KEPT] = stream;
  }

  wasReset(stream: number): boolean {
    return this.#reset.includes(stream);
  }

  wasClosed(stream: number): boolean {
    return this.#closed.includes(stream);
  }
}
