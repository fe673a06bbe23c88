import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Store } from "../store/store.js";
import type { Shedding } from "./shedding.js";

/** What admission looks at. */
export interface AdmissionDeps {
  readonly store: Store;
  /** Bytes accepted and not acknowledged, of the whole broker. */
  readonly acceptedBytesMax: number;
  /** Why the disk takes no messages, if so. */
  diskRefusal(): LogwheelError | undefined;
  readonly shedding: Shedding;
  /** 0 to 1. */
  random(): number;
}

const RETRY_AFTER_MS = 50;

/**
 * Decides whether sends are taken now. Two answers: refused, with the reason; or `open`, else they should wait a
 * little, because the log is behind with what it has accepted.
 */
export class Admission {
  readonly #deps: AdmissionDeps;
  readonly #waiting = new Set<() => void>();
  readonly #stopListening: () => void;
  #stopping = false;
  /** Refused sends by reason, for metrics. */
  readonly refused = new Map<string, number>();

  constructor(deps: AdmissionDeps) {
    this.#deps = deps;
    this.#stopListening = deps.store.onVisible(() => this.#wake());
  }

  /** No new sends from now on. */
  stop(): void {
    this.#stopping = true;
    this.#stopListening();
    this.#wake();
  }

  /** Why a send is refused now, whatever it is. */
  refusal(): LogwheelError | undefined {
    const reason = this.#reason();
    if (reason !== undefined) this.count(reason.code, 1);
    return reason;
  }

  /** Counts refused sends. */
  count(reason: string, sends: number): void {
    this.refused.set(reason, (this.refused.get(reason) ?? 0) + sends);
  }

  /** Whether the log keeps up with what it has accepted. */
  get open(): boolean {
    const { store, acceptedBytesMax } = this.#deps;
    return store.unsettledBytes < acceptedBytesMax && !store.behind;
  }

  /** The refusal of a send that waited in vain for `open`. */
  get busy(): LogwheelError {
    return new LogwheelError(
      "THROTTLED",
      "the broker has accepted as much as it can store at once; send again after a moment",
      {
        retryAfterMs: RETRY_AFTER_MS,
      },
    );
  }

  /** Calls `run` once, when the log may have caught up. The returned function takes it back. */
  whenOpen(run: () => void): () => void {
    this.#waiting.add(run);
    return () => this.#waiting.delete(run);
  }

  #reason(): LogwheelError | undefined {
    const { store } = this.#deps;
    if (store.failure !== undefined)
      return new LogwheelError("STORE_FAILED", store.failure.message, { sent: "no" });
    if (this.#stopping)
      return new LogwheelError(
        "BROKER_STOPPING",
        "this broker is stopping: send to another, or to this one after its restart",
      );
    return this.#deps.diskRefusal() ?? this.#shed();
  }

  /** While the event loop is late, a share of the sends is refused before it costs more than its arrival. */
  #shed(): LogwheelError | undefined {
    const { shedding, random } = this.#deps;
    const { share, lagMs } = shedding;
    if (share === 0 || random() >= share) return undefined;
    return new LogwheelError(
      "THROTTLED",
      `the broker is overloaded (its event loop is ${Math.round(lagMs)} ms late); send again after a moment`,
      {
        retryAfterMs: RETRY_AFTER_MS,
      },
    );
  }

  #wake(): void {
    if (this.#waiting.size === 0 || (!this.#stopping && !this.open)) return;
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const run of waiting) run();
  }
}
