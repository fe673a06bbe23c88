/** What is to be done about a peer that may be gone. */
export type Pulse = "alive" | "ask" | "gone";

/** Asks a peer now and then whether it is still there, and gives it up when nothing comes of it in time. */
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

  /** Something has come of the peer. It need not be the answer: that may stand behind much that the peer is still reading. */
  heard(): void {
    this.#waits = false;
  }
}
