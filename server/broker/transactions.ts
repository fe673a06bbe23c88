import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { checkGroupName } from "../../proto/kernel/limits.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { TransactionPlace } from "../../proto/kernel/publish-codec.js";
import { messageId, parseMessageId } from "../../proto/kernel/record.js";
import type { Queue, TopicState } from "../store/queue.js";
import { emptyHeader, type Header, KIND, standFor } from "../store/record.js";
import type { FoundRecord } from "../store/record-reader.js";
import type { Store } from "../store/store.js";
import { type DelaySettings, dueTime } from "./delay-times.js";
import type { DueClock } from "./due-clock.js";
import type { DueCounters } from "./due-counters.js";
import { type Half, type OpenTransaction, OpenTransactions } from "./open-transactions.js";
import { type CheckSetting, ownSetting } from "./own-settings.js";

/** When producers are asked how their transactions ended. A topic's attributes of the same names come first. */
export interface TransactionSettings extends DelaySettings {
  /** After the half was stored. */
  readonly transactionCheckAfterMs: number;
  /** After each question. */
  readonly transactionCheckEveryMs: number;
  /** Questions; then the transaction is parked. */
  readonly transactionChecksMax: number;
  /** Undecided ones at a time. */
  readonly transactionsMax: number;
}

/** What transactions stand on. */
export interface TransactionsDeps {
  readonly store: Store;
  readonly dueClock: DueClock;
  readonly logger: Logger;
  readonly settings: TransactionSettings;
  readonly counters: DueCounters;
  readonly broker: string;
  /** Something is due at this time. */
  expect(dueAtMs: number): void;
}

/** The record of a half, perhaps still to be read; undefined if it cannot be. */
type HalfRecord = ReturnType<Store["lookup"]["near"]>;

/** Messages of one transaction. */
const HALVES_MAX = 1_024;

/**
 * Half messages and what becomes of them. The first decision that is stored wins: it settles all halves of its transaction
 * and, for a commit, puts their messages into their queues, as one group of records.
 */
export class Transactions {
  readonly open = new OpenTransactions();
  readonly #deps: TransactionsDeps;
  readonly #header: Header = emptyHeader();
  readonly #envelope = new Envelope();

  constructor(deps: TransactionsDeps) {
    this.#deps = deps;
  }

  /** Finds what was undecided when the broker stopped. */
  async start(): Promise<void> {
    await this.open.load(this.#deps.store, this.#deps.logger);
  }

  /**
   * Whether a half of so many bytes may be stored, and what it joins. BAD_REQUEST without a producer group,
   * TRANSACTION_NOT_FOUND for one that is not open, THROTTLED and MESSAGE_TOO_LARGE beyond the limits.
   */
  admit(group: string, joins: TransactionPlace | undefined, bytes: number): OpenTransaction | undefined {
    if (group === "")
      throw new LogwheelError(
        "BAD_REQUEST",
        "a half message needs a producer group: who is asked how it ended",
      );
    checkGroupName(group);
    if (joins !== undefined) return this.#joined(group, joins, bytes);
    const { transactionsMax } = this.#deps.settings;
    if (this.open.size < transactionsMax) return undefined;
    throw new LogwheelError(
      "THROTTLED",
      `${transactionsMax} transactions are undecided, and that is this broker's limit: decide some of them first`,
      { retryAfterMs: 1_000 },
    );
  }

  /** When the producers of a half that is stored now are asked first. */
  firstCheckAtMs(topic: TopicState): number {
    return this.#deps.dueClock.nowMs() + this.setting(topic, "transactionCheckAfterMs");
  }

  /** A half was stored, in this turn. */
  began(half: Half): void {
    this.open.add(half, this.#deps.store.due.find(half.header.logOffset)!);
  }

  /** A setting, of a topic that may have its own. */
  setting(topic: TopicState | undefined, name: CheckSetting): number {
    return ownSetting(topic?.attributes ?? {}, name) ?? this.#deps.settings[name];
  }

  /**
   * Decides a transaction; returns the log offset of what says so, at once where its halves are in memory. Stored when the
   * caller finds everything settled. Repeating a decision changes nothing. TRANSACTION_CONFLICT if it was decided the other
   * way; TRANSACTION_NOT_FOUND if there is none at that place, of that epoch and topic; TOPIC_NOT_FOUND for a commit of
   * messages whose topics were all deleted.
   */
  decide(place: TransactionPlace, topic: string, commit: boolean): number | Promise<number> {
    const open = this.open.get(place.logOffset);
    if (open === undefined) return this.#decidedBefore(place, topic, commit);
    if (open.epoch !== place.epoch && open.epoch !== 0) throw this.#notFound(place, topic);
    if (!this.#isNamed(open.topic, topic)) throw this.#notFound(place, topic);
    if (open.underWay !== undefined)
      return open.underWay.then(
        () => this.#decidedBefore(place, topic, commit),
        () => this.decide(place, topic, commit),
      );
    if (!commit) return this.#settle(open, []);
    const recent = open.halves.length === 1 ? this.#deps.store.lookup.recent(place.logOffset) : undefined;
    if (recent !== undefined) return this.#settle(open, [recent]);
    const records = this.#read(open);
    if (records.every((record) => record !== undefined && !(record instanceof Promise)))
      return this.#settle(open, records as FoundRecord[]);
    open.underWay = this.#commitLater(open, records);
    return open.underWay;
  }

  /** Where a transaction is by its id. BAD_REQUEST for what is no id, TRANSACTION_NOT_FOUND for one of another broker. */
  place(id: string): TransactionPlace {
    const place = parseMessageId(id);
    if (place?.broker === this.#deps.broker) return place;
    const shown = JSON.stringify(id.slice(0, 200));
    throw place === undefined
      ? new LogwheelError(
          "BAD_REQUEST",
          `${shown} is no transaction id: give the message id of the transaction's first half`,
        )
      : new LogwheelError(
          "TRANSACTION_NOT_FOUND",
          `transaction ${shown} is not of this broker, ${this.#deps.broker}`,
        );
  }

  /** Decides; resolves when it is stored. */
  async settle(place: TransactionPlace, topic: string, commit: boolean): Promise<void> {
    await this.decide(place, topic, commit);
    await this.#deps.store.whenSettled();
  }

  #read({ halves }: OpenTransaction): HalfRecord[] {
    return halves.map(({ place }) => this.#deps.store.lookup.near(place));
  }

  async #commitLater(open: OpenTransaction, records: readonly HalfRecord[]): Promise<number> {
    try {
      return this.#settle(open, await this.#whole(open, records));
    } finally {
      open.underWay = undefined;
    }
  }

  /**
   * All halves. They may be copied, and the places that they were in dropped, while those are read; what is not there may be on its
   * way to the disk, unless all that was appended is `settled`.
   */
  async #whole(
    open: OpenTransaction,
    records: readonly HalfRecord[],
    settled = false,
  ): Promise<FoundRecord[]> {
    const places = open.halves.map(({ place }) => place);
    const found = await Promise.all(records).catch((thrown: unknown) => thrown);
    if (Array.isArray(found) && !found.includes(undefined)) return found;
    if (open.halves.some(({ place }, index) => place !== places[index]))
      return this.#whole(open, this.#read(open), settled);
    if (!Array.isArray(found)) throw found;
    if (!settled) {
      await this.#deps.store.whenSettled();
      return this.#whole(open, this.#read(open), true);
    }
    throw new LogwheelError(
      "LOG_CORRUPT",
      `the half message at log offset ${open.halves[found.indexOf(undefined)]!.origin} cannot be read: the transaction can only be rolled back`,
    );
  }

  /**
   * Settles all halves; the messages of `records` take their places, but for those whose topic was deleted. Refuses before
   * anything is appended where all of them were, or where a delay is none of this broker's any more.
   */
  #settle(open: OpenTransaction, records: readonly FoundRecord[]): number {
    const { store, counters, logger } = this.#deps;
    const commit = records.length > 0;
    const messages = records.filter(({ header }) => this.#queue(header) !== undefined);
    if (commit && messages.length === 0) throw this.#goneTopics(open);
    const times = open.delayed ? messages.map((record) => this.#dueAtMs(record)) : [];
    const entries = this.open.entriesOf(open);
    store.stamp();
    store.reserve(store.due.settleBytes(entries.length) + (commit ? open.bytes : 0));
    const logOffset = store.due.settle(
      entries.map((entry) => ({ entry, againAtMs: 0, dropped: !commit })),
      messages.length > 0,
    );
    for (const [index, record] of messages.entries())
      this.#append(record, times[index] ?? 0, index < messages.length - 1);
    this.open.delete(open);
    if (commit && messages.length < records.length)
      logger.warn(
        {
          transaction: this.#id({ epoch: open.epoch, logOffset: open.first }),
          lost: records.length - messages.length,
        },
        "messages of a committed transaction are not delivered: their topic was deleted",
      );
    if (commit) counters.transactionsCommitted++;
    else counters.transactionsRolledBack++;
    return logOffset;
  }

  /** The time of a delayed message whose delay begins now; 0 for any other. */
  #dueAtMs({ bytes, start, end }: FoundRecord): number {
    const { dueClock, settings } = this.#deps;
    scanMessage(bytes, start, end, this.#envelope);
    return this.#envelope.due ? dueTime(this.#envelope, dueClock, settings) : 0;
  }

  /** The message of a half goes into its queue, or waits there for its time. */
  #append({ header: origin, bytes, start, end }: FoundRecord, dueAtMs: number, more: boolean): void {
    const { store, dueClock, expect } = this.#deps;
    const queue = this.#queue(origin)!;
    const header = standFor(origin, more, this.#header);
    if (dueAtMs === 0 || dueAtMs <= dueClock.nowMs())
      return void store.append(queue, header, bytes, start, end);
    store.due.append({ kind: KIND.delayed, dueAtMs, queue }, header, bytes, start, end);
    expect(dueAtMs);
  }

  /** A topic that was deleted has no name any more that a decision could get wrong. */
  #isNamed(number: number, topic: string): boolean {
    const known = this.#deps.store.state.topicByNumber(number);
    return known === undefined || known.name === topic;
  }

  #queue({ topic, queueId }: Header): Queue | undefined {
    return this.#deps.store.state.topicByNumber(topic)?.queues[queueId];
  }

  /** The answer for a transaction that is not open: when what decided it is stored. */
  async #decidedBefore(place: TransactionPlace, topic: string, commit: boolean): Promise<number> {
    const { store } = this.#deps;
    await store.whenSettled();
    // The place is a caller's word: unlike `near`, this takes no bytes for a record that are none.
    const header = await store.lookup.headerAt(place.logOffset);
    if (header?.kind !== KIND.half || header.joined || header.epoch !== place.epoch)
      throw this.#notFound(place, topic);
    if (!this.#isNamed(header.topic, topic)) throw this.#notFound(place, topic);
    const rolledBack = store.due.wasDropped(place.logOffset);
    if (rolledBack !== commit) return place.logOffset;
    throw new LogwheelError(
      "TRANSACTION_CONFLICT",
      `transaction ${this.#id(place)} was ${rolledBack ? "rolled back" : "committed"} before: it cannot be ${commit ? "committed" : "rolled back"} any more`,
      { topic },
    );
  }

  #joined(group: string, joins: TransactionPlace, bytes: number): OpenTransaction {
    const open = this.open.get(joins.logOffset);
    if (open === undefined || open.epoch !== joins.epoch || open.underWay !== undefined)
      throw new LogwheelError(
        "TRANSACTION_NOT_FOUND",
        `transaction ${this.#id(joins)} is not open on this broker: a message cannot join it`,
      );
    if (open.group !== group)
      throw new LogwheelError(
        "BAD_REQUEST",
        `transaction ${this.#id(joins)} is of producer group ${open.group}, not ${group}`,
      );
    const all = open.bytes + bytes + this.#deps.store.due.settleBytes(open.halves.length + 1);
    if (open.halves.length >= HALVES_MAX || !this.#deps.store.fits(all))
      throw new LogwheelError(
        "MESSAGE_TOO_LARGE",
        `transaction ${this.#id(joins)} has ${open.halves.length} messages of ${open.bytes} bytes: one more would not fit a commit (${HALVES_MAX} messages, 8 MiB)`,
      );
    return open;
  }

  #notFound(place: TransactionPlace, topic: string): LogwheelError {
    return new LogwheelError(
      "TRANSACTION_NOT_FOUND",
      `there is no transaction ${this.#id(place)} that began on topic ${topic}: check id, topic and broker`,
      { topic },
    );
  }

  #goneTopics({ epoch, first: logOffset }: OpenTransaction): LogwheelError {
    return new LogwheelError(
      "TOPIC_NOT_FOUND",
      `the topics of transaction ${this.#id({ epoch, logOffset })} were deleted: there is nowhere to deliver it, roll it back`,
    );
  }

  #id({ epoch, logOffset }: TransactionPlace): string {
    return messageId(this.#deps.broker, epoch, logOffset);
  }
}
