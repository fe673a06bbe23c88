import type { Clock } from "../../proto/kernel/clock.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Store } from "../store/store.js";
import type { SealedSegment } from "../store/store-figures.js";

/** How long and how much is kept, unless a topic says otherwise. */
export interface RetentionPolicy {
  readonly retentionMs: number;
  /** Bytes of the log above which the oldest segments go, however young; undefined: no limit. */
  readonly retentionBytes: number | undefined;
}

const LOOK_MS = 10_000;

/**
 * How many of the oldest segments may go. A segment goes when the topic with the longest retention of those in it
 * allows it, or when the log is over its size; the open one never does.
 */
export function droppable(
  segments: readonly SealedSegment[],
  logBytes: number,
  policy: RetentionPolicy,
  retentionOf: (topic: number) => number,
  nowMs: number,
): number {
  let count = 0;
  let left = logBytes;
  for (const { bytes, lastStoredAtMs, topics } of segments) {
    const longestMs = topics.reduce((longest, topic) => Math.max(longest, retentionOf(topic)), 0);
    const expired = nowMs - lastStoredAtMs > longestMs;
    if (!expired && (policy.retentionBytes === undefined || left <= policy.retentionBytes)) break;
    left -= bytes;
    count++;
  }
  return count;
}

/** Drops what is older, or more, than is to be kept. */
export class Retention implements Lifecycle {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #policy: RetentionPolicy;
  readonly #dropped: () => void;
  #cancel: (() => void) | undefined;
  #unlisten: () => void = () => {};
  #stopped = false;
  #running: Promise<void> = Promise.resolve();

  /** `dropped` is called after each look, when queues may begin later than before: groups have to follow. */
  constructor(deps: {
    store: Store;
    clock: Clock;
    logger: Logger;
    policy: RetentionPolicy;
    dropped: () => void;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#policy = deps.policy;
    this.#dropped = deps.dropped;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#unlisten = this.#store.sealed.onSealed(() => this.#soon());
    this.#later();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unlisten();
    this.#cancel?.();
    await this.#running;
  }

  /** Looks now; resolves when what may go is gone. */
  async look(): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const sealed = await this.#store.sealed.list();
    const { logStart, logEnd } = this.#store.figures;
    const count = droppable(
      sealed,
      logEnd - logStart,
      this.#policy,
      (topic) => this.#retentionOf(topic),
      nowMs,
    );
    for (let dropped = 0; dropped < count; dropped++) if (!(await this.#store.sealed.dropFirst())) break;
    await this.#shorterTopics(sealed.slice(count), nowMs);
    this.#dropped();
  }

  #retentionOf(topic: number): number {
    const state = this.#store.state.topicByNumber(topic);
    return state === undefined ? 0 : state.retentionMs || this.#policy.retentionMs;
  }

  /** Topics with a shorter retention than their segment begin later in it than the segment does. */
  async #shorterTopics(sealed: readonly SealedSegment[], nowMs: number): Promise<void> {
    for (const { end, lastStoredAtMs, topics } of sealed)
      for (const number of topics)
        if (nowMs - lastStoredAtMs > this.#retentionOf(number))
          await this.#store.sealed.raiseFirstOffsets(number, end);
  }

  /** Looks after what is under way: at the pace at which segments fill, so that the next one can be a dropped one. */
  #soon(): void {
    this.#running = this.#running
      .then(() => (this.#stopped ? undefined : this.look()))
      .catch((thrown: unknown) =>
        this.#logger.error({ error: String(thrown) }, "retention failed; it is tried again"),
      );
  }

  #later(): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      this.#soon();
      this.#later();
    });
  }
}
