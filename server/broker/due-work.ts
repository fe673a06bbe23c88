import type { Clock } from "../../proto/kernel/clock.js";
import { DELAY_LEVELS } from "../../proto/kernel/delay-levels.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Store } from "../store/store.js";
import { Checks } from "./checks.js";
import { Deferrals, type PendingRoom } from "./deferral.js";
import { Delays } from "./delays.js";
import { DueClock } from "./due-clock.js";
import { type DueCounters, dueCounters } from "./due-counters.js";
import { DueRunner } from "./due-runner.js";
import { Forwarding } from "./forwarding.js";
import type { DelayFigures, TransactionFigures } from "./meter.js";
import { type TransactionSettings, Transactions } from "./transactions.js";

/** How what happens later behaves. */
export interface DueSettings extends TransactionSettings {
  /** Delayed messages that may be pending. */
  readonly delayedMax: number;
  readonly memberHeartbeatMs: number;
  readonly memberExpiryMs: number;
}

/** What a broker does that is told nothing else. */
export const DUE_DEFAULTS: DueSettings = {
  delayLevels: DELAY_LEVELS,
  delayMsMax: 366 * 86_400_000,
  delayedMax: 10_000_000,
  transactionCheckAfterMs: 6_000,
  transactionCheckEveryMs: 30_000,
  transactionChecksMax: 15,
  transactionsMax: 100_000,
  memberHeartbeatMs: 3_000,
  memberExpiryMs: 10_000,
};

/** What it stands on. */
export interface DueWorkDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Name of the broker. */
  readonly broker: string;
  /** DUE_DEFAULTS for what is left out. */
  readonly settings?: Partial<DueSettings> | undefined;
  /** How much may be pending; no limit by default. */
  readonly room?: PendingRoom;
}

const ENDLESS: PendingRoom = { what: "", bytes: () => Number.POSITIVE_INFINITY };

/** Everything that a broker does later: delayed messages, transactions and the questions about them. */
export class DueWork implements Lifecycle {
  readonly counters: DueCounters = dueCounters();
  readonly clock: DueClock;
  readonly delays: Delays;
  readonly transactions: Transactions;
  readonly checks: Checks;
  readonly deferrals: Deferrals;
  readonly forwarding: Forwarding;
  readonly #runner: DueRunner;
  readonly #store: Store;

  constructor({ store, clock, logger, broker, settings: given, room = ENDLESS }: DueWorkDeps) {
    const settings = { ...DUE_DEFAULTS, ...given };
    this.#store = store;
    this.clock = new DueClock(clock);
    const expect = (dueAtMs: number): void => this.#runner.expect(dueAtMs);
    const { counters, clock: dueClock } = this;
    const deps = { store, clock, dueClock, logger, broker, settings, counters, expect };
    this.delays = new Delays(deps);
    this.transactions = new Transactions(deps);
    this.checks = new Checks({ ...deps, ...settings, transactions: this.transactions });
    this.deferrals = new Deferrals({ ...deps, transactions: this.transactions, room });
    this.forwarding = new Forwarding({ ...deps, open: this.transactions.open });
    this.#runner = new DueRunner({
      ...deps,
      delayed: (entries) => this.delays.deliver(entries),
      halves: (entries) => this.checks.run(entries),
    });
  }

  /** Finds the transactions that are open. Before that nothing may be published. */
  open(): Promise<void> {
    return this.transactions.start();
  }

  /** Delayed messages that are pending. */
  get delayed(): number {
    return this.#store.due.pending - this.transactions.open.halves;
  }

  /** What delayed messages are like now. */
  delayFigures(): DelayFigures {
    const { delayedDelivered, delayedLate, lateMs, delayedCancelled, delayedDropped } = this.counters;
    const { copied, copiedBytes } = this.counters;
    return {
      pending: this.delayed,
      delivered: delayedDelivered,
      late: delayedLate,
      lateSeconds: lateMs / 1_000,
      cancelled: delayedCancelled,
      dropped: delayedDropped,
      bytes: this.#store.due.pendingBytes,
      copied,
      copiedBytes,
    };
  }

  /** What transactions are like now. */
  transactionFigures(): TransactionFigures {
    const { open } = this.transactions;
    const { transactionsCommitted, transactionsRolledBack, questionsAsked } = this.counters;
    return {
      open: open.size,
      halves: open.halves,
      parked: open.parked,
      alone: this.checks.alone,
      producers: this.checks.producers,
      committed: transactionsCommitted,
      rolledBack: transactionsRolledBack,
      questions: questionsAsked,
    };
  }

  /** Begins to deliver and to ask. */
  async start(): Promise<void> {
    this.checks.start();
    await this.#runner.start();
  }

  /** Resolves when what is under way is done. */
  async stop(): Promise<void> {
    await this.#runner.stop();
    this.checks.stop();
  }
}
