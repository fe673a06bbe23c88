import { LogwheelError } from "../../proto/kernel/errors.js";
import type { CommitLog } from "./commit-log.js";
import {
  type DueEntry,
  type DueKind,
  dueChanges,
  type Settlement,
  settled,
  settlePayloadBytes,
  writeSettlements,
} from "./due-entry.js";
import type { DueIndex } from "./due-index.js";
import type { Queue } from "./queue.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND } from "./record.js";
import type { State } from "./state.js";

/** What is stored and happens later: appends it, settles it, and tells what is due. Knows no time of its own. */
export class Due {
  readonly #log: CommitLog;
  readonly #state: State;
  readonly #index: DueIndex;

  constructor(log: CommitLog, state: State, index: DueIndex) {
    this.#log = log;
    this.#state = state;
    this.#index = index;
  }

  /** Entries that are pending. */
  get pending(): number {
    return this.#index.pending;
  }

  /** When something may be due next, milliseconds since 1970: ask `ready` then. Infinity if nothing is pending. */
  get nextDueMs(): number {
    return this.#index.nextDueMs;
  }

  /** What is pending for the record at a log offset, in this turn; undefined if it was settled, or never was. */
  find(origin: number): DueEntry | undefined {
    return this.#index.find(origin);
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
   * by which it is known from now on. The caller has reserved room and filled `header` as for `Store.append`.
   */
  append(
    { kind, dueAtMs, queue }: { kind: DueKind; dueAtMs: number; queue: Queue },
    header: Header,
    bytes: Buffer,
    start: number,
    end: number,
  ): number {
    header.kind = kind;
    header.topic = queue.topic.number;
    header.queueId = queue.id;
    header.queueOffset = dueAtMs;
    const logOffset = this.#log.append(header, bytes, start, end);
    this.#state.due(header);
    for (const change of dueChanges(header, bytes, start, end)) this.#index.apply(logOffset, change);
    return logOffset;
  }

  /** Bytes to reserve for the record that settles so many entries, its header included. */
  settleBytes(count: number): number {
    return HEADER_BYTES + settlePayloadBytes(count);
  }

  /**
   * Appends the record that takes care of entries; with `more`, what takes their place follows in its group, in this turn. The
   * caller has reserved room for all of it. CONFLICT, and nothing is appended, if one of them is not pending any more: it
   * was settled, and how is known when everything appended by now is settled in the log.
   */
  settle(settlements: readonly Settlement[], more: boolean): void {
    this.#assertPending(settlements.map(({ entry }) => entry));
    const payload = writeSettlements(settlements);
    const logOffset = this.#log.appendOther(KIND.settle, payload, more);
    this.#state.due(Object.assign(emptyHeader(), { logOffset }));
    for (const change of settled(settlements)) this.#index.apply(logOffset, change);
  }

  #assertPending(entries: readonly DueEntry[]): void {
    const origins = new Set<number>();
    for (const { origin, dueAtMs } of entries) {
      if (origins.has(origin) || this.find(origin)?.dueAtMs !== dueAtMs)
        throw new LogwheelError("CONFLICT", `what is due for log offset ${origin} is settled already`);
      origins.add(origin);
    }
  }
}
