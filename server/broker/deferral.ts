import type { Envelope } from "../../proto/kernel/envelope.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { DueKind } from "../store/due-entry.js";
import type { TopicState } from "../store/queue.js";
import { HEADER_BYTES, type Header, KIND } from "../store/record.js";
import type { Store } from "../store/store.js";
import { type DelaySettings, dueTime } from "./delay-times.js";
import type { DueClock } from "./due-clock.js";
import type { OpenTransaction } from "./open-transactions.js";
import type { Transactions } from "./transactions.js";

/** What keeps a message out of its queue for now. */
export interface Deferral {
  readonly kind: DueKind;
  readonly dueAtMs: number;
  /** Of a half: what it joins, who is asked how it ended, and whether its message waits for a time of its own then. */
  readonly joins: OpenTransaction | undefined;
  readonly group: string;
  readonly delayed: boolean;
}

/** What a message says that may be deferred. */
export interface Deferrable {
  readonly topic: TopicState;
  readonly half: boolean;
  /** Place of the transaction that it joins; 0 for none. */
  readonly transaction: number;
  readonly transactionEpoch: number;
  readonly start: number;
  readonly end: number;
}

/** How much may be pending. */
export interface PendingRoom {
  /** What that is a share of, and which setting says so, for people. */
  readonly what: string;
  /** Of the records of delayed and half messages. */
  bytes(): number;
}

/** What deferrals stand on. */
export interface DeferralsDeps {
  readonly store: Store;
  readonly dueClock: DueClock;
  readonly settings: DelaySettings & { readonly delayedMax: number };
  readonly transactions: Transactions;
  readonly room: PendingRoom;
  /** Something is due at this time. */
  expect(dueAtMs: number): void;
}

/** Tells messages that are for later from those that go into their queues at once, and stores them. */
export class Deferrals {
  readonly #deps: DeferralsDeps;

  constructor(deps: DeferralsDeps) {
    this.#deps = deps;
  }

  /** What keeps the message of `envelope` for later; undefined if nothing does. Throws what its times or transaction lack. */
  of(sent: Deferrable, envelope: Envelope, bytes: Buffer): Deferral | undefined {
    if (sent.half) return this.#half(sent, envelope, bytes);
    if (sent.transaction !== 0)
      throw new LogwheelError(
        "BAD_REQUEST",
        "only a half message joins a transaction: without `half` it would be delivered at once",
      );
    if (!envelope.due) return undefined;
    const { dueClock, settings, store } = this.#deps;
    const dueAtMs = dueTime(envelope, dueClock, settings);
    if (dueAtMs <= dueClock.nowMs()) return undefined;
    if (store.due.pending >= settings.delayedMax)
      throw new LogwheelError(
        "THROTTLED",
        `${settings.delayedMax} delayed messages are pending, and that is this broker's limit (setting delayedMax)`,
        { retryAfterMs: 1_000 },
      );
    this.#checkRoom();
    return { kind: KIND.delayed, dueAtMs, joins: undefined, group: "", delayed: true };
  }

  /** Stores the message `bytes[start..end)` for later; the caller has reserved room. Returns its log offset. */
  append(
    deferral: Deferral,
    queue: TopicState["queues"][number],
    header: Header,
    bytes: Buffer,
    { start, end }: Deferrable,
  ): number {
    const { store, transactions, expect } = this.#deps;
    const { kind, dueAtMs, joins, group, delayed } = deferral;
    const place = { kind, dueAtMs, queue, joins: joins?.first };
    const logOffset = store.due.append(place, header, bytes, start, end);
    if (kind === KIND.half) transactions.began({ header, group, delayed });
    if (joins === undefined) expect(dueAtMs);
    return logOffset;
  }

  /** What is pending is copied while segments go: it must leave room for what is not. */
  #checkRoom(): void {
    const { store, room } = this.#deps;
    const { pendingBytes } = store.due;
    const bytes = room.bytes();
    if (pendingBytes < bytes) return;
    throw new LogwheelError(
      "THROTTLED",
      `delayed and half messages of ${mebibytes(pendingBytes)} MiB are pending, and this broker's limit is ${mebibytes(bytes)} MiB: ${room.what}`,
      { retryAfterMs: 1_000 },
    );
  }

  #half(sent: Deferrable, envelope: Envelope, bytes: Buffer): Deferral {
    const { transactions, dueClock, settings } = this.#deps;
    const { topic, transaction, transactionEpoch, start, end } = sent;
    const group = bytes.toString("utf8", envelope.groupStart, envelope.groupEnd);
    const place = transaction === 0 ? undefined : { logOffset: transaction, epoch: transactionEpoch };
    const joins = transactions.admit(group, place, HEADER_BYTES + end - start);
    if (envelope.due) dueTime(envelope, dueClock, settings);
    this.#checkRoom();
    return {
      kind: KIND.half,
      dueAtMs: transactions.firstCheckAtMs(topic),
      joins,
      group,
      delayed: envelope.due,
    };
  }
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
