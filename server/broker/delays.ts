import type { ChangeDelayedRequest__Output } from "../../proto/gen/logwheel/v1/ChangeDelayedRequest.js";
import { DelayedChange } from "../../proto/gen/logwheel/v1/DelayedChange.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { parseMessageId } from "../../proto/kernel/record.js";
import type { DueEntry } from "../store/due-entry.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND } from "../store/record.js";
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
/** Bytes on their way to the disk beyond which the next group waits. */
const UNSETTLED_BYTES_MAX = 8 << 20;

/**
 * Delivers delayed messages when they are due, and changes those that are not: cancels, reschedules, delivers at once.
 *
 * A message is settled in the turn in which it is delivered or changed, so that one of two who want it loses; the loser
 * answers when what the winner did is stored.
 */
export class Delays {
  readonly #deps: DelaysDeps;
  readonly #header: Header = emptyHeader();

  constructor(deps: DelaysDeps) {
    this.#deps = deps;
  }

  /** Puts each message that is due, and still pending, into its queue. Resolves when the last is on its way to the disk. */
  async deliver(entries: readonly DueEntry[]): Promise<void> {
    const { store } = this.#deps;
    const found = await this.#read(entries);
    for (let at = 0; at < entries.length; ) {
      if (store.unsettledBytes > UNSETTLED_BYTES_MAX) await store.whenSettled();
      at = this.#deliverGroup(entries, found, at);
    }
    if (entries.length > 0 && store.due.nextDueMs <= this.#deps.dueClock.nowMs()) return;
    await store.whenSettled();
  }

  /** Cancels a message, gives it another time, or delivers it now. BAD_REQUEST for what is no handle of this broker's. */
  async change(request: ChangeDelayedRequest__Output): Promise<DueAnswer> {
    const { store } = this.#deps;
    const { epoch, logOffset } = this.#place(request.handle);
    const againAtMs = request.change === RESCHEDULE ? this.#again(request) : 0;
    const found = await store.lookup.near(logOffset);
    if (found?.header.kind !== KIND.delayed || found.header.epoch !== epoch) return "not-found";
    const entry = store.due.find(logOffset);
    if (entry !== undefined && request.change === DELIVER_NOW) {
      this.#deliverGroup([entry], new Map([[logOffset, found]]), 0);
      await store.whenSettled();
      return "done";
    }
    if (entry !== undefined) {
      this.#settle(entry, againAtMs);
      await store.whenSettled();
      return "done";
    }
    await store.whenSettled();
    if (!store.due.wasDropped(logOffset)) return "already-delivered";
    return request.change === CANCEL ? "done" : "not-found";
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

  #again(request: ChangeDelayedRequest__Output): number {
    const { dueClock, settings } = this.#deps;
    return dueTime(request, dueClock.nowMs(), settings);
  }

  /** The records of entries, read in the order of the log. */
  async #read(entries: readonly DueEntry[]): Promise<Map<number, FoundRecord | undefined>> {
    const found = new Map<number, FoundRecord | undefined>();
    const origins = entries.map(({ origin }) => origin).sort((a, b) => a - b);
    for (const origin of origins) {
      const record = this.#deps.store.lookup.near(origin);
      found.set(origin, record instanceof Promise ? await record : record);
    }
    return found;
  }

  /** Delivers entries from place `from` on as one group; returns the place of the first that is left. */
  #deliverGroup(
    entries: readonly DueEntry[],
    found: ReadonlyMap<number, FoundRecord | undefined>,
    from: number,
  ): number {
    const { store } = this.#deps;
    const group: { entry: DueEntry; record: FoundRecord | undefined }[] = [];
    let bytes = 0;
    let to = from;
    for (; to < entries.length && bytes < GROUP_BYTES_MAX; to++) {
      const entry = entries[to]!;
      if (store.due.find(entry.origin)?.dueAtMs !== entry.dueAtMs) continue;
      const record = this.#deliverable(entry, found.get(entry.origin));
      group.push({ entry, record });
      bytes += store.due.settleBytes(1) + HEADER_BYTES + (record?.header.length ?? 0);
    }
    if (group.length === 0) return to;
    store.stamp();
    store.reserve(bytes);
    const messages = group.flatMap(({ record }) => (record === undefined ? [] : [record]));
    const settlements = group.map(({ entry, record }) => ({
      entry,
      againAtMs: 0,
      dropped: record === undefined,
    }));
    store.due.settle(settlements, messages.length > 0);
    for (const [index, record] of messages.entries()) this.#append(record, index < messages.length - 1);
    this.#count(group);
    return to;
  }

  /** Undefined, with an event, if the message cannot be delivered any more. */
  #deliverable({ origin }: DueEntry, record: FoundRecord | undefined): FoundRecord | undefined {
    const { store, logger, counters } = this.#deps;
    const topic = record && store.state.topicByNumber(record.header.topic);
    if (topic?.queues[record!.header.queueId] !== undefined) return record;
    const why = record === undefined ? "its record cannot be read" : "its topic was deleted";
    counters.delayedLost++;
    logger.warn({ logOffset: origin }, `a delayed message is not delivered: ${why}`);
    return undefined;
  }

  #append({ header: origin, bytes, start, end }: FoundRecord, more: boolean): void {
    const { store } = this.#deps;
    const queue = store.state.topicByNumber(origin.topic)!.queues[origin.queueId]!;
    const header = this.#header;
    header.more = more;
    header.keyed = origin.keyed;
    header.stands = true;
    header.hasTtl = origin.hasTtl;
    header.tagHash = origin.tagHash;
    header.keyHash = origin.keyHash;
    header.producerId = origin.stands ? origin.producerId : origin.epoch;
    header.sequence = origin.stands ? origin.sequence : origin.logOffset;
    store.append(queue, header, bytes, start, end);
  }

  #count(group: readonly { entry: DueEntry; record: FoundRecord | undefined }[]): void {
    const { dueClock, counters } = this.#deps;
    const nowMs = dueClock.nowMs();
    for (const { entry, record } of group)
      if (record !== undefined) {
        counters.delayedDelivered++;
        counters.lateMs += Math.max(0, nowMs - entry.dueAtMs);
      }
  }
}

const {
  DELAYED_CHANGE_CANCEL: CANCEL,
  DELAYED_CHANGE_RESCHEDULE: RESCHEDULE,
  DELAYED_CHANGE_DELIVER_NOW: DELIVER_NOW,
} = DelayedChange;
