import type { Clock } from "../../../proto/kernel/clock.js";
import { LogwheelError, type OutMessage, type Topic } from "../../index.js";
import { Latencies } from "./latencies.js";

/** What became of sends. */
export interface SendCounts {
  offered: number;
  acked: number;
  refused: number;
  /** May be stored or not. */
  unknown: number;
}

/** Sends one message. */
export type Sender = (message: OutMessage<Uint8Array>) => Promise<unknown>;

/** How long a slot waits after a failed send. */
const FAILED_MS = 10;

/** Keeps a number of sends in flight: each is acknowledged to its own promise, and followed by the next. */
export class SendLoad {
  readonly counts: SendCounts = { offered: 0, acked: 0, refused: 0, unknown: 0 };
  readonly latencies = new Latencies();
  readonly #send: Sender;
  readonly #topics: readonly Topic<Uint8Array>[];
  readonly #body: Uint8Array;
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #keys: readonly string[];
  #turn = 0;
  #running = false;
  #inFlight = 0;
  #idle: (() => void) | undefined;

  constructor(deps: {
    send: Sender;
    topics: readonly Topic<Uint8Array>[];
    body: Uint8Array;
    clock: Clock;
    limit?: number;
    /** Ordering keys, in turn; none by default. */
    keys?: readonly string[];
  }) {
    this.#send = deps.send;
    this.#topics = deps.topics;
    this.#body = deps.body;
    this.#clock = deps.clock;
    this.#limit = deps.limit ?? Number.POSITIVE_INFINITY;
    this.#keys = deps.keys ?? [];
  }

  /** Begins with so many sends in flight. */
  start(inFlight: number): void {
    this.#running = true;
    for (let slot = 0; slot < inFlight; slot++) this.#next();
  }

  /** Sends no more; resolves when what is in flight has been settled. */
  async stop(): Promise<void> {
    this.#running = false;
    await this.idle();
  }

  /** Resolves when nothing is in flight: after `stop`, or when the limit is reached. */
  async idle(): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }

  /** The warm-up is over: counts from here. */
  reset(): void {
    Object.assign(this.counts, { offered: 0, acked: 0, refused: 0, unknown: 0 });
    this.latencies.clear();
  }

  #next(): void {
    if (!this.#running || this.counts.offered >= this.#limit) return;
    const turn = this.#turn++;
    const topic = this.#topics[turn % this.#topics.length]!;
    const orderingKey = this.#keys[turn % this.#keys.length];
    const sinceMs = this.#clock.monotonicMs();
    this.counts.offered++;
    this.#inFlight++;
    const message = { topic, body: this.#body, ...(orderingKey === undefined ? {} : { orderingKey }) };
    this.#send(message).then(
      () => {
        this.counts.acked++;
        this.latencies.add(this.#clock.monotonicMs() - sinceMs);
        this.#settled();
        this.#next();
      },
      (thrown: unknown) => {
        if (LogwheelError.is(thrown) && thrown.sent === "no") this.counts.refused++;
        else this.counts.unknown++;
        this.#settled();
        this.#clock.after(FAILED_MS, () => this.#next());
      },
    );
  }

  #settled(): void {
    if (--this.#inFlight === 0) this.#idle?.();
  }
}
