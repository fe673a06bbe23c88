import type { ChangeDelayedRequest__Output } from "../../proto/gen/logwheel/v1/ChangeDelayedRequest.js";
import { DelayedChange } from "../../proto/gen/logwheel/v1/DelayedChange.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { DueEntry, Settlement } from "../store/due-entry.js";
import { emptyHeader, type Header, KIND, standFor } from "../store/record.js";
import type { FoundRecord } from "../store/record-reader.js";
import type { Store } from "../store/store.js";
import { type DelaySettings, dueTime } from "./delay-times.js";
import type { DueClock } from "./due-clock.js";
import type { DueCounters } from "./due-counters.js";

/** What became of a delayed message that was to be changed: definite, whatever runs at the same time. */
export type DueAnswer = "done" | "already-delivered" | "not-found";

/** What delays stand on. */
export interface DelaysDeps {
  readonly store: Store;
  readonly dueClock: DueClock;
  readonly logger: Logger;
  readonly settings: DelaySettings;
  readonly counters: DueCounters;
  /** Name of this broker, part of handles. */
  readonly broker: string;
  /** Something is due at this time. */
  expect(dueAtMs: number): void;
}

/** Bytes of messages that are delivered in one group of records. */
const GROUP_BYTES_MAX = 1 << 20;
/**
 * Bytes on their way to the disk beyond which the next group waits: enough for one write while another is gathered. A third
 * of it takes a tenth longer for 100,000 messages; more of it and others who publish wait longer for their sync.
 */
const UNSETTLED_BYTES_MAX = 12 << 20;
/** Messages that are read before they are delivered: as many as are about this large, within these numbers. */
const READ_BYTES = 16 << 20;
const READ_MIN = 8;
const READ_MAX = 1_024;
/** So many entries ahead of the one that is read, the disk is asked; every few entries. */
const AHEAD = 512;
const AHEAD_STEP = 32;
/** A record that cannot be read is tried again after this. */
const UNREADABLE_AGAIN_MS = 60_000;

/** At rated load nothing is later than this. */
const LATE_MS = 1_000;

/** The record of an entry; undefined if it cannot be read. */
type Found = FoundRecord | undefined;

/**
 * Delivers delayed messages when they are due, and changes those that are not: cancels, reschedules, delivers at once.
 *
 * A message is settled in the turn in which it is delivered or changed, so that one of two who want it loses; the loser
 * answers when what the winner did is stored.
 */
export class Delays {
  readonly #deps: DelaysDeps;
  readonly #header: Header = emptyHeader();
  #readAtOnce = READ_MIN;

  constructor(deps: DelaysDeps) {
    this.#deps = deps;
  }

  /** Puts each message that is due, and still pending, into its queue. Resolves when the last is on its way to the disk. */
  async deliver(entries: readonly DueEntry[]): Promise<void> {
    const { store } = this.#deps;
    if (entries.some(({ origin }) => origin >= store.visible)) await store.whenSettled();
    for (let at = 0; at < entries.length; ) {
      const some = entries.slice(at, at + this.#readAtOnce);
      await this.#deliver(some, entries, at);
      at += some.length;
    }
  }

  /**
   * Cancels a message, gives it another time, or delivers it now. BAD_REQUEST for what is no handle of this broker's, and
   * for a new time that is none. LOG_CORRUPT if the message cannot be read: it is pending still.
   */
  async change(request: ChangeDelayedRequest__Output): Promise<DueAnswer> {
    const { store } = this.#deps;
    const { epoch, logOffset } = this.#place(request.handle);
    const againAtMs = this.#againAtMs(request);
    const header = await store.lookup.headerAt(logOffset);
    if (header === undefined && store.due.find(logOffset) !== undefined) throw unreadable(logOffset);
    if (header?.epoch !== epoch) return "not-found";
    if (header.kind === KIND.message) return "already-delivered";
    if (header.kind !== KIND.delayed || store.state.topicByNumber(header.topic) === undefined)
      return "not-found";
    const found = request.change === DELIVER_NOW ? await store.lookup.messageOf(logOffset) : undefined;
    const entry = store.due.find(logOffset);
    if (entry !== undefined && request.change === DELIVER_NOW) this.#deliverNow(entry, found);
    else if (entry !== undefined) this.#settle(entry, againAtMs);
    await store.whenSettled();
    if (!store.due.wasDropped(logOffset)) return entry === undefined ? "already-delivered" : "done";
    return request.change === CANCEL ? "done" : "not-found";
  }

  #deliverNow(entry: DueEntry, found: Found): void {
    const { state } = this.#deps.store;
    if (found === undefined && state.topicByNumber(entry.topic) !== undefined) throw unreadable(entry.origin);
    this.#deliverGroup([entry], [found], 0);
  }

  #settle(entry: DueEntry, againAtMs: number): void {
    const { store, counters, expect } = this.#deps;
    store.stamp();
    store.reserve(store.due.settleBytes(1));
    store.due.settle([{ entry, againAtMs, dropped: againAtMs === 0 }], false);
    if (againAtMs === 0) counters.delayedCancelled++;
    else expect(againAtMs);
  }

  #place(handle: string): { epoch: number; logOffset: number } {
    const place = parseMessageId(handle);
    if (place?.broker === this.#deps.broker) return place;
    throw new LogwheelError(
      "BAD_REQUEST",
      `${JSON.stringify(handle.slice(0, 200))} is no handle of broker ${this.#deps.broker}: give the one in the receipt of the delayed message`,
    );
  }

  /** The new time; 0 for none. */
  #againAtMs(request: ChangeDelayedRequest__Output): number {
    const { change, delayMs, deliverAtMs, delayLevel } = request;
    const { dueClock, settings } = this.#deps;
    if (change === CANCEL || change === DELIVER_NOW) return 0;
    const times = [delayMs, deliverAtMs, delayLevel];
    if (change === RESCHEDULE && times.some((time) => time > 0) && times.every((time) => time >= 0))
      return dueTime(request, dueClock, settings);
    throw new LogwheelError(
      "BAD_REQUEST",
      "a delayed message is cancelled, delivered now, or given another time: a delay, a time, or a level",
    );
  }

  /** Reads and delivers entries, in groups; they begin at place `from` of all that are due. */
  async #deliver(entries: readonly DueEntry[], all: readonly DueEntry[], from: number): Promise<void> {
    const { store } = this.#deps;
    const found = await this.#read(entries, (place) => all[from + place]);
    for (let at = 0; at < entries.length; ) {
      if (store.unsettledBytes > UNSETTLED_BYTES_MAX) await store.whenSettled(UNSETTLED_BYTES_MAX);
      at = this.#deliverGroup(entries, found, at);
    }
  }

  /** The records of entries, read in the order of the log. */
  async #read(
    entries: readonly DueEntry[],
    ahead: (place: number) => DueEntry | undefined,
  ): Promise<Found[]> {
    const found: Found[] = [];
    let bytes = 0;
    const inLog = [...entries.keys()].sort((a, b) => entries[a]!.place - entries[b]!.place);
    for (const [place, at] of inLog.entries()) {
      if (place % AHEAD_STEP === 0) this.#prefetch(ahead(place + AHEAD));
      const record = this.#readOne(entries[at]!.place);
      found[at] = record instanceof Promise ? await record : record;
      bytes += found[at]?.header.length ?? 0;
    }
    const fitting = Math.floor(READ_BYTES / (1 + bytes / entries.length));
    this.#readAtOnce = Math.min(Math.max(READ_MIN, fitting), READ_MAX);
    return found;
  }

  #prefetch(entry: DueEntry | undefined): void {
    if (entry !== undefined) this.#deps.store.lookup.prefetch(entry.place);
  }

  #readOne(logOffset: number): Found | Promise<Found> {
    const unreadable = (thrown: unknown): undefined => {
      this.#deps.logger.warn({ logOffset, error: String(thrown) }, "reading a delayed message failed");
    };
    try {
      const record = this.#deps.store.lookup.near(logOffset);
      return record instanceof Promise ? record.catch(unreadable) : record;
    } catch (thrown) {
      return unreadable(thrown);
    }
  }

  /** Delivers entries from place `from` on as one group; returns the place of the first that is left. */
  #deliverGroup(entries: readonly DueEntry[], found: readonly Found[], from: number): number {
    const { store } = this.#deps;
    const settlements: Settlement[] = [];
    const messages: FoundRecord[] = [];
    let bytes = 0;
    let at = from;
    for (; at < entries.length && bytes < GROUP_BYTES_MAX; at++) {
      const entry = entries[at]!;
      const pending = store.due.find(entry.origin);
      if (pending?.dueAtMs !== entry.dueAtMs) continue;
      // Read where it was before it was copied: it comes again.
      if (found[at] === undefined && pending.place !== entry.place) continue;
      const more = store.due.settleBytes(1) + (found[at]?.header.length ?? 0);
      if (settlements.length > 0 && !store.fits(bytes + more)) break;
      bytes += more;
      const settlement = this.#settlement(entry, found[at]);
      settlements.push(settlement);
      if (!settlement.dropped && settlement.againAtMs === 0) messages.push(found[at]!);
    }
    if (settlements.length === 0) return at;
    store.stamp();
    store.reserve(bytes);
    store.due.settle(settlements, messages.length > 0);
    for (const [index, record] of messages.entries()) this.#append(record, index < messages.length - 1);
    this.#tell(settlements);
    return at;
  }

  /** How an entry that is due is settled: delivered, dropped with its topic, or put off where its record cannot be read. */
  #settlement(entry: DueEntry, record: Found): Settlement {
    const { state } = this.#deps.store;
    if (state.topicByNumber(entry.topic) === undefined) return { entry, againAtMs: 0, dropped: true };
    if (record !== undefined) return { entry, againAtMs: 0 };
    return { entry, againAtMs: this.#deps.dueClock.inMs(UNREADABLE_AGAIN_MS) };
  }

  #append({ header: origin, bytes, start, end }: FoundRecord, more: boolean): void {
    const { store } = this.#deps;
    const queue = store.state.topicByNumber(origin.topic)!.queues[origin.queueId]!;
    store.append(queue, standFor(origin, more, this.#header), bytes, start, end);
  }

  /** Counts what was done with entries that were due, and tells what went wrong. */
  #tell(settlements: readonly Settlement[]): void {
    const { dueClock, counters, logger } = this.#deps;
    const nowMs = dueClock.nowMs();
    let dropped = 0;
    let unread = 0;
    for (const settlement of settlements)
      if (settlement.dropped) dropped++;
      else if (settlement.againAtMs > 0) unread++;
      else {
        const lateMs = Math.max(0, nowMs - settlement.entry.dueAtMs);
        counters.delayedDelivered++;
        counters.lateMs += lateMs;
        if (lateMs > LATE_MS) counters.delayedLate++;
      }
    counters.delayedDropped += dropped;
    if (dropped > 0) logger.warn({ dropped }, "delayed messages are not delivered: their topic was deleted");
    if (unread > 0)
      logger.error(
        { unread },
        `delayed messages are due and cannot be read; they are tried again in ${UNREADABLE_AGAIN_MS / 1_000} s`,
      );
  }
}

function unreadable(origin: number): LogwheelError {
  return new LogwheelError("LOG_CORRUPT", `the delayed message at log offset ${origin} cannot be read`);
}

const {
  DELAYED_CHANGE_CANCEL: CANCEL,
  DELAYED_CHANGE_RESCHEDULE: RESCHEDULE,
  DELAYED_CHANGE_DELIVER_NOW: DELIVER_NOW,
} = DelayedChange;
