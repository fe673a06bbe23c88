import type { Clock } from "../../proto/kernel/clock.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { DueEntry, DueKind } from "../store/due-entry.js";
import { KIND } from "../store/record.js";
import type { Store } from "../store/store.js";
import type { DueClock } from "./due-clock.js";

/** Takes care of entries that are due: each has to be settled, or put off, when the promise resolves. */
export type DueHandler = (entries: readonly DueEntry[]) => Promise<void>;

/** What a runner stands on. */
export interface DueRunnerDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly dueClock: DueClock;
  readonly logger: Logger;
  readonly delayed: DueHandler;
  readonly halves: DueHandler;
}

/** Entries that are taken at a time. */
const ENTRIES_MAX = 4_096;
/** The longest sleep: timers of a year do not exist. */
const SLEEP_MS_MAX = 86_400_000;
/** What cannot be taken care of now is tried again after this. */
const AGAIN_MS = 1_000;

/**
 * Runs what is due, in the order of time: delayed messages, and questions about transactions. One batch at a time, so that
 * what has piled up while the broker was down leaves room for what comes in.
 */
export class DueRunner implements Lifecycle {
  readonly #deps: DueRunnerDeps;
  #wakesAtMs = Number.POSITIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #stopped = true;

  constructor(deps: DueRunnerDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    this.#stopped = false;
    this.#sleep();
  }

  /** Resolves when the batch under way is done. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#running;
  }

  /** Something is due at this time: does not sleep past it. */
  expect(dueAtMs: number): void {
    if (dueAtMs >= this.#wakesAtMs || this.#running !== undefined || this.#stopped) return;
    this.#sleepUntil(dueAtMs);
  }

  #sleep(atLeastMs = 0): void {
    if (this.#stopped || this.#deps.store.failure !== undefined) return;
    const nowMs = this.#deps.dueClock.nowMs();
    this.#sleepUntil(
      Math.max(nowMs + atLeastMs, Math.min(this.#deps.store.due.nextDueMs, nowMs + SLEEP_MS_MAX)),
    );
  }

  #sleepUntil(dueAtMs: number): void {
    const { clock, dueClock } = this.#deps;
    this.#cancel?.();
    this.#wakesAtMs = dueAtMs;
    this.#cancel = clock.after(Math.max(0, dueAtMs - dueClock.nowMs()), () => this.#wake());
  }

  #wake(): void {
    this.#wakesAtMs = Number.POSITIVE_INFINITY;
    this.#running = this.#run()
      .then(
        () => 0,
        (thrown: unknown) => {
          this.#deps.logger.error({ error: String(thrown) }, "what is due cannot be taken care of now");
          return AGAIN_MS;
        },
      )
      .then((atLeastMs) => {
        this.#running = undefined;
        this.#sleep(atLeastMs);
      });
  }

  async #run(): Promise<void> {
    const { store, dueClock, delayed, halves } = this.#deps;
    while (!this.#stopped && store.failure === undefined) {
      const entries = await store.due.ready(dueClock.nowMs(), ENTRIES_MAX);
      if (entries.length === 0) return;
      await delayed(entries.filter(isOf(KIND.delayed)));
      await halves(entries.filter(isOf(KIND.half)));
    }
  }
}

function isOf(kind: DueKind): (entry: DueEntry) => boolean {
  return (entry) => entry.kind === kind;
}
