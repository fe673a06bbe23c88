import { LogwheelError } from "../../proto/kernel/errors.js";
import type { CommitLog } from "./commit-log.js";
import {
  type DueEntry,
  type DueKind,
  dueChanges,
  dueEntry,
  type Settlement,
  settled,
  settlePayloadBytes,
  writeSettlements,
} from "./due-entry.js";
import type { DueIndex } from "./due-index.js";
import type { DuePlace } from "./due-keys.js";
import type { Queue } from "./queue.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND, writeRecord } from "./record.js";
import type { FoundRecord } from "./record-reader.js";
import type { State } from "./state.js";

/** What is stored and happens later: appends it, settles it, and tells what is due. Knows no time of its own. */
export class Due {
  readonly #log: CommitLog;
  readonly #state: State;
  readonly #index: DueIndex;
  /** Of settle records: nothing of them but their place concerns the state. */
  readonly #settled: Header = emptyHeader();
  readonly #keyed: (header: Header, bytes: Buffer, start: number, end: number) => void;

  /** `keyed` hears of every message with keys. */
  constructor(
    log: CommitLog,
    state: State,
    index: DueIndex,
    keyed: (header: Header, bytes: Buffer, start: number, end: number) => void,
  ) {
    this.#log = log;
    this.#state = state;
    this.#index = index;
    this.#keyed = keyed;
  }

  /** Entries that are pending. */
  get pending(): number {
    return this.#index.pending;
  }

  /** Of the records that they came in with. */
  get pendingBytes(): number {
    return this.#index.pendingBytes;
  }

  /** The same of all that was settled, or changed, since the start. */
  get settledBytes(): number {
    return this.#index.settledBytes;
  }

  /** When something may be due next, milliseconds since 1970: ask `ready` then. Infinity if nothing is pending. */
  get nextDueMs(): number {
    return this.#index.nextDueMs;
  }

  /** What is pending for the record at a log offset, in this turn; undefined if it was settled, or never was. */
  find(origin: number): DueEntry | undefined {
    return this.#index.find(origin);
  }

  /** What is pending whose message came in, or was copied to, a log offset; it may have been copied on from there. */
  pendingAt(logOffset: number): DueEntry | undefined {
    return this.#index.pendingAt(logOffset);
  }

  /** Log offset of the record that holds the message of an origin, pending or settled, if the log still has one. */
  placeOf(origin: number): number {
    return this.#index.placeOf(origin);
  }

  /** Entries whose messages lie in a sealed segment, in batches: see `DueIndex.pendingIn`. */
  pendingIn(from: number, to: number): AsyncGenerator<DueEntry[]> {
    return this.#index.pendingIn(from, to);
  }

  /** Whether what was pending for an origin was settled with nothing in its place, as long as the log has its record, or a copy. */
  wasDropped(origin: number): boolean {
    return this.#index.wasDropped(origin);
  }

  /**
   * Entries that are pending, in due order, from a place up to a time: about `max` of them, and where to go on, undefined at the
   * end.
   */
  list(from: DuePlace, toMs: number, max: number): ReturnType<DueIndex["list"]> {
    return this.#index.list(from, toMs, max);
  }

  /** Halves that are pending, in the order of the log. */
  halves(): Promise<DueEntry[]> {
    return this.#index.halves();
  }

  /**
   * Up to `max` entries that are due at `toMs` and pending, earliest first; none only if there is none. They are given again
   * until they are settled.
   */
  ready(toMs: number, max: number): DueEntry[] | Promise<DueEntry[]> {
    return this.#index.ready(toMs, max);
  }

  /**
   * Appends the message `bytes[start..end)`, as it was sent, in no queue: it is for this one, later. Returns its log offset,
   * by which it is known from now on. The caller has reserved room and filled `header` as for `Store.append`. With `joins`, a
   * log offset, it is a further half of the transaction that began there, and pending as long as that one.
   */
  append(
    {
      kind,
      dueAtMs,
      queue,
      joins,
    }: { kind: DueKind; dueAtMs: number; queue: Queue; joins?: number | undefined },
    header: Header,
    bytes: Buffer,
    start: number,
    end: number,
  ): number {
    header.kind = kind;
    header.topic = queue.topic.number;
    header.queueId = queue.id;
    header.queueOffset = joins ?? dueAtMs;
    header.joined = joins !== undefined;
    const logOffset = this.#log.append(header, bytes, start, end);
    this.#state.due(header);
    this.#index.apply(logOffset, { op: "put", entry: dueEntry(header) });
    if (header.keyed) this.#keyed(header, bytes, start, end);
    return logOffset;
  }

  /** Bytes to reserve for the copy of a record, its header included. */
  copyBytes({ length }: Readonly<Header>): number {
    return HEADER_BYTES + length;
  }

  /**
   * Appends copies of the records of entries that are pending, as one group, and returns the entries as they are now. Nothing but
   * their places has changed. The caller has reserved room.
   */
  copy(records: readonly FoundRecord[]): DueEntry[] {
    return records.map((record, index) => this.#copy(record, index < records.length - 1));
  }

  #copy({ header: origin, bytes, start, end }: FoundRecord, more: boolean): DueEntry {
    const { dueAtMs, times } = this.#index.find(origin.logOffset)!;
    const record = Buffer.allocUnsafe(HEADER_BYTES + end - start);
    const view = new DataView(record.buffer, record.byteOffset, record.length);
    writeRecord(record, view, 0, origin, bytes, start, end);
    const { topic, queueId, keyed } = origin;
    const due = { kind: KIND.copy, queueOffset: dueAtMs, sequence: times };
    const header = Object.assign(emptyHeader(), { ...due, more, topic, queueId, keyed });
    const logOffset = this.#log.append(header, record, 0, record.length);
    this.#state.due(header);
    for (const change of dueChanges(header, record, 0, record.length)) this.#index.apply(logOffset, change);
    if (keyed) this.#keyed(header, record, HEADER_BYTES, record.length);
    return this.#index.find(origin.logOffset)!;
  }

  /** Bytes to reserve for the record that settles so many entries, its header included. */
  settleBytes(count: number): number {
    return HEADER_BYTES + settlePayloadBytes(count);
  }

  /**
   * Appends the record that takes care of entries, and returns its log offset; with `more`, what takes their place follows in
   * its group, in this turn. The caller has reserved room for all of it. CONFLICT, and nothing is appended, if one of them is not pending any more: it
   * was settled, and how is known when everything appended by now is settled in the log.
   */
  settle(settlements: readonly Settlement[], more: boolean): number {
    const current = this.#asPending(settlements);
    const payload = writeSettlements(current);
    const logOffset = this.#log.appendOther(KIND.settle, payload, more);
    this.#settled.logOffset = logOffset;
    this.#state.due(this.#settled);
    for (const change of settled(current)) this.#index.apply(logOffset, change);
    return logOffset;
  }

  /** The same of the entries where they are now: they may have been copied since they were found. */
  #asPending(settlements: readonly Settlement[]): readonly Settlement[] {
    const origins = settlements.length > 1 ? new Set<number>() : undefined;
    let copied = false;
    for (const { entry } of settlements) {
      const { origin, dueAtMs, place } = entry;
      const pending = this.find(origin);
      if (origins?.has(origin) || pending?.dueAtMs !== dueAtMs)
        throw new LogwheelError("CONFLICT", `what is due for log offset ${origin} is settled already`);
      origins?.add(origin);
      copied ||= pending.place !== place;
    }
    if (!copied) return settlements;
    return settlements.map((each) => ({ ...each, entry: this.find(each.entry.origin)! }));
  }
}
