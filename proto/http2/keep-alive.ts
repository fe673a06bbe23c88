/** What is to be done about a peer that may be gone. */
export type Pulse = "alive" | "ask" | "gone";

/** Asks a peer now and then whether it is still there, and gives it up when it does not answer in time. */
export class KeepAlive {
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  #askedMs: number;
  #waits = false;

  constructor(options: { readonly everyMs: number; readonly timeoutMs: number; readonly nowMs: number }) {
    this.#everyMs = options.everyMs;
    this.#timeoutMs = options.timeoutMs;
    this.#askedMs = options.nowMs;
  }

  /** To be asked for again and again. */
  look(nowMs: number): Pulse {
    const sinceMs = nowMs - this.#askedMs;
    if (this.#waits) return sinceMs >= this.#timeoutMs ? "gone" : "alive";
    if (sinceMs < this.#everyMs) return "alive";
    this.#askedMs = nowMs;
    this.#waits = true;
    return "ask";
  }

  /** The peer has answered. */
  answered(): void {
    this.#waits = false;
  }
}
