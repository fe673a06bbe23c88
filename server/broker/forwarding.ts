import type { Clock } from "../../proto/kernel/clock.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { DueEntry } from "../store/due-entry.js";
import { KIND } from "../store/record.js";
import type { FoundRecord } from "../store/record-reader.js";
import type { Store } from "../store/store.js";
import type { SealedSegment } from "../store/store-figures.js";
import type { DueCounters } from "./due-counters.js";
import type { OpenTransactions } from "./open-transactions.js";

/** What copying stands on. */
export interface ForwardingDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: DueCounters;
  readonly open: OpenTransactions;
}

/**
 * What is pending may be at most this share of the bytes that go. So a byte is copied for at least one that becomes free, and
 * with pending messages capped at half of the log's size limit, what stays for them stays below that limit.
 */
const PENDING_SHARE_MAX = 1 / 2;
/** Bytes that are copied in one group: as many as others appended meanwhile, within these. The next one waits until it is stored. */
const GROUP_BYTES_MIN = 256 << 10;
const GROUP_BYTES_MAX = 2 << 20;
/** What was counted counts until this share of its segment's bytes was settled. */
const COUNT_AGAIN_SHARE = 1 / 16;

/** What is pending in a segment, when so many bytes had been settled in all. */
interface Counted {
  readonly bytes: number;
  readonly settledBytes: number;
}

/** What became of some entries. */
interface CopiedGroup {
  readonly taken: number;
  /** They cannot be copied. */
  readonly lost: number;
  readonly messages: number;
  readonly bytes: number;
}

/**
 * Copies messages that are pending to the end of the log, out of segments that retention wants to drop. They stay known by
 * where they came in; only where they are read has changed.
 *
 * A message is copied in the turn in which it is found to be pending still, so that one that is settled meanwhile is not.
 * A crash leaves it where it was, or there and in its copy, and then the copy counts.
 */
export class Forwarding {
  readonly #deps: ForwardingDeps;
  /** By the log offset behind the segment. */
  readonly #counted = new Map<number, Counted>();
  /** Segments of which it was said that something in them cannot be read. */
  readonly #unreadable = new Set<number>();
  #groupBytes = GROUP_BYTES_MIN;

  constructor(deps: ForwardingDeps) {
    this.#deps = deps;
  }

  /**
   * How many of the oldest segments are worth dropping now: the fewest of which no more is pending than may be copied. What is
   * mostly pending stays until what lies behind it makes up for that.
   */
  async worth(segments: readonly SealedSegment[]): Promise<number> {
    const [oldest] = segments;
    for (const end of this.#counted.keys()) if (oldest !== undefined && end < oldest.end) this.#forget(end);
    let pending = 0;
    let bytes = 0;
    for (const [index, segment] of segments.entries()) {
      pending += await this.#pendingIn(segment);
      bytes += segment.bytes;
      if (pending <= bytes * PENDING_SHARE_MAX) return index + 1;
    }
    return 0;
  }

  /**
   * Copies what is pending in a segment; resolves to true when all of it is on the disk elsewhere, and to false if something has
   * to stay: a message that is delivered before `soonMs`, which is waited for, one that cannot be read, or what was left when
   * it was `stopped`.
   */
  async clear({ end, bytes }: SealedSegment, soonMs: number, stopped: AbortSignal): Promise<boolean> {
    const { store, logger } = this.#deps;
    const copied = { messages: 0, bytes: 0 };
    let left = 0;
    for await (const entries of store.due.pendingIn(end - bytes, end)) {
      const wanted = entries.filter(({ kind, dueAtMs }) => kind === KIND.half || dueAtMs >= soonMs);
      left += entries.length - wanted.length;
      for (let at = 0; at < wanted.length; ) {
        if (stopped.aborted || store.failure !== undefined) return false;
        const group = await this.#paced(() => this.#copySome(wanted, at), stopped);
        at += group.taken;
        left += group.lost;
        copied.messages += group.messages;
        copied.bytes += group.bytes;
        if (group.lost > 0) this.#tellUnreadable(end);
      }
    }
    if (copied.messages === 0) return left === 0;
    await store.whenDurable();
    logger.info(
      { segment: end - bytes, ...copied, left },
      "copied what is due later out of the oldest segment",
    );
    return left === 0;
  }

  async #pendingIn({ end, bytes }: SealedSegment): Promise<number> {
    const { due } = this.#deps.store;
    const known = this.#counted.get(end);
    if (known !== undefined && due.settledBytes - known.settledBytes <= bytes * COUNT_AGAIN_SHARE)
      return known.bytes;
    const { settledBytes } = due;
    let pending = 0;
    for await (const entries of due.pendingIn(end - bytes, end))
      for (const entry of entries) pending += entry.bytes;
    this.#counted.set(end, { bytes: pending, settledBytes });
    return pending;
  }

  #forget(end: number): void {
    this.#counted.delete(end);
    this.#unreadable.delete(end);
  }

  /**
   * Copying takes at most half: of the bytes that are appended, so that it keeps up with whatever fills the log, or, where
   * others append less, of the time.
   */
  async #paced(act: () => Promise<CopiedGroup>, stopped: AbortSignal): Promise<CopiedGroup> {
    const { clock, store } = this.#deps;
    const began = { ms: clock.monotonicMs(), logEnd: store.logEnd };
    const group = await act();
    const tookMs = clock.monotonicMs() - began.ms;
    const others = store.logEnd - began.logEnd - group.bytes;
    this.#groupBytes = Math.min(Math.max(GROUP_BYTES_MIN, others), GROUP_BYTES_MAX);
    if (others < group.bytes && tookMs > 0) await clock.sleep(tookMs, stopped);
    return group;
  }

  /** Copies entries from place `from` on, as one group, and waits until it is stored. */
  async #copySome(entries: readonly DueEntry[], from: number): Promise<CopiedGroup> {
    const { store } = this.#deps;
    const read: { entry: DueEntry; record: FoundRecord }[] = [];
    let bytes = 0;
    let lost = 0;
    let at = from;
    for (; at < entries.length && bytes < this.#groupBytes; at++) {
      const entry = entries[at]!;
      const record = await this.#read(entry);
      const more = record === undefined ? 0 : store.due.copyBytes(record.header);
      if (read.length > 0 && !store.fits(bytes + more)) break;
      if (record !== undefined && store.fits(bytes + more)) read.push({ entry, record });
      else if (this.#isThere(entry)) lost++;
      bytes += more;
    }
    const records = read.filter(({ entry }) => this.#isThere(entry)).map(({ record }) => record);
    const copied = this.#append(records);
    await store.whenSettled();
    return { taken: at - from, lost, messages: records.length, bytes: copied };
  }

  /** Returns the bytes that the copies take. */
  #append(records: readonly FoundRecord[]): number {
    const { store, open, counters } = this.#deps;
    if (records.length === 0) return 0;
    const bytes = records.reduce((sum, { header }) => sum + store.due.copyBytes(header), 0);
    store.stamp();
    store.reserve(bytes);
    for (const entry of store.due.copy(records)) if (entry.kind === KIND.half) open.copied(entry);
    counters.copied += records.length;
    counters.copiedBytes += bytes;
    return bytes;
  }

  /** Whether a message is pending still, and where it was. */
  #isThere({ origin, place }: DueEntry): boolean {
    return this.#deps.store.due.find(origin)?.place === place;
  }

  async #read({ place, origin }: DueEntry): Promise<FoundRecord | undefined> {
    const found = await Promise.resolve()
      .then(() => this.#deps.store.lookup.near(place))
      .catch(() => undefined);
    return found?.header.logOffset === origin ? found : undefined;
  }

  #tellUnreadable(end: number): void {
    if (this.#unreadable.has(end)) return;
    this.#unreadable.add(end);
    this.#deps.logger.error(
      { segmentEnd: end },
      "messages that are due later cannot be read, or do not fit a segment any more: the oldest segment stays",
    );
  }
}
