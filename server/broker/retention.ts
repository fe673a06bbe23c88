import type { Clock } from "../../proto/kernel/clock.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Store } from "../store/store.js";
import type { SealedSegment } from "../store/store-figures.js";
import type { Forwarding } from "./forwarding.js";

/** How long and how much is kept, unless a topic says otherwise. */
export interface RetentionPolicy {
  readonly retentionMs: number;
  /** Bytes of the log above which the oldest segments go, however young; undefined: no limit. */
  readonly retentionBytes: number | undefined;
}

const LOOK_MS = 10_000;
/** What is delivered within this is waited for, rather than copied; less where segments fill faster. */
const WAIT_MS_MAX = 60_000;

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

/** How long a message that is due soon is waited for: at most as long as one of these segments took to fill. */
export function waitMs(segments: readonly Pick<SealedSegment, "lastStoredAtMs">[]): number {
  const [first, last] = [segments[0], segments.at(-1)];
  if (first === undefined || last === undefined || first === last) return WAIT_MS_MAX;
  const filledMs = (last.lastStoredAtMs - first.lastStoredAtMs) / (segments.length - 1);
  return Math.min(WAIT_MS_MAX, filledMs);
}

/** Drops what is older, or more, than is to be kept. What is still due there is copied first. */
export class Retention implements Lifecycle {
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #policy: RetentionPolicy;
  readonly #forwarding: Forwarding;
  readonly #dropped: () => void;
  #stop = new AbortController();
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
    forwarding: Forwarding;
    dropped: () => void;
  }) {
    this.#store = deps.store;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#policy = deps.policy;
    this.#forwarding = deps.forwarding;
    this.#dropped = deps.dropped;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#stop = new AbortController();
    this.#unlisten = this.#store.sealed.onSealed(() => this.#soon());
    this.#later();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#stop.abort();
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
    await this.#drop(sealed.slice(0, count), nowMs + waitMs(sealed));
    await this.#shorterTopics(sealed.slice(count), nowMs);
    this.#dropped();
  }

  /** Drops segments, oldest first, as far as that is worth it and nothing in them has to be waited for. */
  async #drop(segments: readonly SealedSegment[], soonMs: number): Promise<void> {
    for (let left = segments; left.length > 0; ) {
      const worth = await this.#forwarding.worth(left);
      if (worth === 0) return;
      for (const segment of left.slice(0, worth)) {
        if (!(await this.#forwarding.clear(segment, soonMs, this.#stop.signal))) return;
        if (!(await this.#store.sealed.dropFirst())) return;
      }
      left = left.slice(worth);
    }
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
