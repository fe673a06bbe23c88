import type { CheckAnswer__Output } from "../../proto/gen/logwheel/v1/CheckAnswer.js";
import type { CheckReply } from "../../proto/gen/logwheel/v1/CheckReply.js";
import type { CheckRequest__Output } from "../../proto/gen/logwheel/v1/CheckRequest.js";
import { Decision } from "../../proto/gen/logwheel/v1/Decision.js";
import type { Record, Record__Output } from "../../proto/gen/logwheel/v1/Record.js";
import type { Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { protoCodec } from "../../proto/kernel/proto-codec.js";
import { messageId } from "../../proto/kernel/record.js";
import { type DueEntry, NEVER, type Settlement } from "../store/due-entry.js";
import type { Store } from "../store/store.js";
import { CheckSession } from "./check-session.js";
import { isCommit } from "./decision.js";
import type { DueClock } from "./due-clock.js";
import type { DueCounters } from "./due-counters.js";
import type { OpenTransaction } from "./open-transactions.js";
import { ProducerGroups } from "./producer-groups.js";
import type { Transactions } from "./transactions.js";

/** What check-back stands on. */
export interface ChecksDeps {
  readonly store: Store;
  readonly transactions: Transactions;
  readonly clock: Clock;
  readonly dueClock: DueClock;
  readonly logger: Logger;
  readonly counters: DueCounters;
  readonly broker: string;
  readonly memberHeartbeatMs: number;
  readonly memberExpiryMs: number;
  /** Something is due at this time. */
  expect(dueAtMs: number): void;
}

/** Where nobody can be asked, a transaction is looked at again after as long as that has been so, up to this. */
const AWAY_MS_MAX = 600_000;
/** Transactions that are put off in one record. */
const SETTLED_MAX = 4_096;

/** An undecided transaction whose producers are all away for so long is an event. */
const ALONE_MS = 120_000;

const storedRecord = protoCodec<Record, Record__Output>("logwheel.v1.Record");

/**
 * Asks the producers of a group how a transaction ended whose own producer has not said. Any live producer of the group may
 * know; those asked before come last. Only questions that were put count; after the last one the transaction is parked.
 */
export class Checks {
  readonly #deps: ChecksDeps;
  readonly #producers: ProducerGroups;
  /** Groups of which it was said that nobody of them is here. */
  readonly #said = new Set<string>();
  #sessions = new Set<CheckSession>();
  #issued = 0;
  #cancel: (() => void) | undefined;

  constructor(deps: ChecksDeps) {
    this.#deps = deps;
    this.#producers = new ProducerGroups(deps.clock.monotonicMs());
  }

  /** Live producers of all groups. */
  get producers(): number {
    return this.#producers.size;
  }

  /** Transactions that are to be asked about and whose producers have all been away for two minutes. Reads all that are open. */
  get alone(): number {
    let count = 0;
    for (const open of this.#deps.transactions.open.all())
      if (open.dueAtMs !== NEVER && this.#isAlone(open)) count++;
    return count;
  }

  start(): void {
    const { clock, memberHeartbeatMs } = this.#deps;
    this.#cancel = clock.after(memberHeartbeatMs, () => {
      this.#expire();
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    for (const session of this.#sessions)
      session.dismiss(new LogwheelError("BROKER_STOPPING", "this broker is stopping: come back later"));
  }

  /** A producer's stream. */
  open(stream: Stream<CheckReply, CheckRequest__Output>): void {
    const { broker, clock, memberHeartbeatMs, memberExpiryMs } = this.#deps;
    const session = new CheckSession(
      {
        member: `${broker}-producer-${++this.#issued}`,
        heartbeatMs: memberHeartbeatMs,
        expiryMs: memberExpiryMs,
        nowMs: () => clock.monotonicMs(),
        joined: (joined) => this.#joined(joined),
        left: (left) => this.#left(left),
        answered: (answer, by) => this.#answered(answer, by),
      },
      stream,
    );
    this.#sessions.add(session);
  }

  /** Puts the questions that are due, and puts each transaction off to its next. */
  async run(entries: readonly DueEntry[]): Promise<void> {
    const { transactions, store } = this.#deps;
    if (entries.length === 0) return;
    const nexts = new Map<DueEntry, Next>();
    for (const entry of entries) {
      const open = transactions.open.get(entry.origin);
      nexts.set(entry, open === undefined ? LATER : await this.#checkOrLater(open));
    }
    this.#putOff(nexts);
    await store.whenSettled();
  }

  /** Those that nobody has decided, or asked about, meanwhile. */
  #putOff(nexts: ReadonlyMap<DueEntry, Next>): void {
    const { transactions, store, dueClock } = this.#deps;
    const nowMs = dueClock.nowMs();
    const settlements: (Settlement & Required<Pick<Settlement, "times">>)[] = [];
    for (const [entry, { inMs, times = entry.times }] of nexts)
      if (store.due.find(entry.origin)?.dueAtMs === entry.dueAtMs)
        settlements.push({ entry, againAtMs: inMs === NEVER ? NEVER : nowMs + inMs, times });
    if (settlements.length === 0) return;
    this.#settle(settlements);
    for (const { entry, againAtMs, times } of settlements) {
      const open = transactions.open.get(entry.origin);
      if (open !== undefined) transactions.open.putOff(open, againAtMs, times);
    }
  }

  /** Asks now, whatever the time, also about a parked transaction; returns who was asked, empty if nobody is there. */
  async ask(open: OpenTransaction): Promise<string> {
    const { transactions, store, dueClock, expect } = this.#deps;
    const asked = await this.#put(open);
    if (asked === "" || transactions.open.get(open.first) !== open) return asked;
    const [entry] = transactions.open.entriesOf(open);
    const againAtMs = dueClock.nowMs() + this.#everyMs(open);
    const times = open.dueAtMs === NEVER ? 1 : Math.min(255, open.times + 1);
    this.#settle([{ entry: entry!, againAtMs, times }]);
    transactions.open.putOff(open, againAtMs, times);
    expect(againAtMs);
    await store.whenSettled();
    return asked;
  }

  #settle(settlements: readonly Settlement[]): void {
    const { store } = this.#deps;
    store.stamp();
    store.reserve(store.due.settleBytes(settlements.length));
    store.due.settle(settlements, false);
  }

  /** One that cannot be checked now holds up no other. */
  async #checkOrLater(open: OpenTransaction): Promise<Next> {
    try {
      return await this.#check(open);
    } catch (thrown) {
      const { logger, broker } = this.#deps;
      logger.error(
        { transaction: messageId(broker, open.epoch, open.first), error: String(thrown) },
        "a transaction cannot be asked about now",
      );
      return { inMs: this.#everyMs(open) };
    }
  }

  async #check(open: OpenTransaction): Promise<Next> {
    const { transactions, store } = this.#deps;
    if (open.damaged) return this.#park(open, DAMAGED);
    const topic = store.state.topicByNumber(open.topic);
    if (topic === undefined)
      return this.#park(open, "its topic was deleted, and nobody can be asked; decide it by hand");
    if (open.times >= transactions.setting(topic, "transactionChecksMax"))
      return this.#park(open, "its producers were asked as often as they are to be; decide it by hand");
    const asked = await this.#put(open);
    if (open.damaged) return this.#park(open, DAMAGED);
    if (asked === "") {
      this.#sayAlone(open);
      return { inMs: Math.max(this.#everyMs(open), this.#awayMs(open)) };
    }
    return { inMs: this.#everyMs(open), times: open.times + 1 };
  }

  /** Nobody is asked any more until somebody does so by hand. */
  #park(open: OpenTransaction, why: string): Next {
    const { store, counters, logger, broker } = this.#deps;
    const topic = store.state.topicByNumber(open.topic)?.name;
    counters.transactionsParked++;
    logger.error(
      { transaction: messageId(broker, open.epoch, open.first), topic, group: open.group },
      `a transaction is parked: ${why}`,
    );
    return { inMs: NEVER };
  }

  #everyMs({ topic }: OpenTransaction): number {
    const { transactions, store } = this.#deps;
    return transactions.setting(store.state.topicByNumber(topic), "transactionCheckEveryMs");
  }

  /** Each look is a record in the log: those that nobody can answer become rarer. */
  #awayMs({ group }: OpenTransaction): number {
    return Math.min(AWAY_MS_MAX, this.#producers.aloneMs(group, this.#deps.clock.monotonicMs()));
  }

  /** Somebody of a group is here again: what waits for that is due now. */
  #hasten(group: string): void {
    const { transactions, store, dueClock, expect } = this.#deps;
    const waiting = [...transactions.open.all()].filter(
      (open) => open.group === group && this.#waitsForSomebody(open),
    );
    if (waiting.length === 0 || store.failure !== undefined) return;
    const nowMs = dueClock.nowMs();
    for (let at = 0; at < waiting.length; at += SETTLED_MAX) {
      const some = waiting.slice(at, at + SETTLED_MAX);
      this.#settle(
        some.map((open) => ({
          entry: transactions.open.entriesOf(open)[0]!,
          againAtMs: nowMs,
          times: open.times,
        })),
      );
      for (const open of some) transactions.open.putOff(open, nowMs, open.times);
    }
    expect(nowMs);
  }

  /** It was put off, and for longer than after a question. */
  #waitsForSomebody(open: OpenTransaction): boolean {
    const { transactions, store, dueClock } = this.#deps;
    if (open.dueAtMs === NEVER) return false;
    const topic = store.state.topicByNumber(open.topic);
    const firstMs = open.beganAtMs + transactions.setting(topic, "transactionCheckAfterMs");
    const everyMs = this.#everyMs(open);
    return open.dueAtMs > dueClock.nowMs() + everyMs && open.dueAtMs >= firstMs + everyMs;
  }

  /** Asks the producer that was asked longest ago; empty if there is none, or the half cannot be read. */
  async #put(open: OpenTransaction): Promise<string> {
    const { store, counters, broker, dueClock } = this.#deps;
    if (!this.#producers.has(open.group)) return "";
    const record = await this.#firstHalf(open);
    const topic = store.state.topicByNumber(open.topic)?.name;
    for (const session of this.#producers.of(open.group)) {
      if (record === undefined || topic === undefined) return "";
      const question = {
        transactionId: messageId(broker, open.epoch, open.first),
        topic,
        times: open.times + 1,
        halves: open.halves.length,
        record: storedRecord.decode(record),
      };
      if (!session.ask(question)) continue;
      counters.questionsAsked++;
      open.lastAsked = session.name;
      open.lastAskedAtMs = dueClock.nowMs();
      this.#producers.toTheEnd(session);
      return session.name;
    }
    return "";
  }

  /** The half that began a transaction; it is damaged if that cannot be found any more. */
  async #firstHalf(open: OpenTransaction): Promise<Buffer | undefined> {
    const { store } = this.#deps;
    const record = await store.lookup.dueAt(open.first);
    if (record !== undefined) return record;
    await store.whenSettled();
    const settled = await store.lookup.dueAt(open.first);
    open.damaged ||= settled === undefined;
    return settled;
  }

  #isAlone({ group, beganAtMs }: OpenTransaction): boolean {
    const { clock, dueClock } = this.#deps;
    const aloneMs = this.#producers.aloneMs(group, clock.monotonicMs());
    return Math.min(aloneMs, dueClock.nowMs() - beganAtMs) >= ALONE_MS;
  }

  /** Once for a group that is away: it may have left many. */
  #sayAlone(open: OpenTransaction): void {
    const { logger, broker } = this.#deps;
    if (this.#said.has(open.group) || !this.#isAlone(open)) return;
    this.#said.add(open.group);
    logger.warn(
      { transaction: messageId(broker, open.epoch, open.first), group: open.group },
      "transactions are undecided and no producer of their group is connected: start one, or decide them by hand",
    );
  }

  #answered({ transactionId, topic, decision }: CheckAnswer__Output, by: string): void {
    if (decision === Decision.DECISION_NONE) return;
    const commit = isCommit(decision);
    const { transactions, logger } = this.#deps;
    const refused = (thrown: unknown): void =>
      logger.warn(
        { transaction: transactionId, by, error: String(thrown) },
        "an answer to a question was refused",
      );
    try {
      const place = transactions.place(transactionId);
      const done = transactions.decide(place, topic, commit);
      if (done instanceof Promise) done.catch(refused);
    } catch (thrown) {
      refused(thrown);
    }
  }

  #joined(session: CheckSession): void {
    const alone = !this.#producers.has(session.group);
    this.#producers.join(session);
    if (alone) this.#hasten(session.group);
    this.#said.delete(session.group);
  }

  #left(session: CheckSession): void {
    this.#sessions.delete(session);
    this.#producers.leave(session, this.#deps.clock.monotonicMs());
  }

  #expire(): void {
    const { clock, memberExpiryMs } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#producers.forget(nowMs);
    for (const session of this.#sessions)
      if (nowMs - session.lastHeardMs > memberExpiryMs)
        session.dismiss(new LogwheelError("TIMEOUT", "nothing was heard from the producer for too long"));
  }
}

/** When a transaction is checked next; `times` where a question was put. */
interface Next {
  readonly inMs: number;
  readonly times?: number;
}

const DAMAGED = "one of its half messages cannot be read; roll it back by hand";

const LATER: Next = { inMs: 1_000 };
