import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { type DueEntry, NEVER } from "../store/due-entry.js";
import type { FoundRecord } from "../store/record-reader.js";
import type { Store } from "../store/store.js";

/** A transaction that is not decided. */
export interface OpenTransaction {
  /** Log offset of the half that began it, and that half's log epoch: by these it is known. */
  readonly first: number;
  readonly epoch: number;
  /** Number of the topic of the first half. */
  readonly topic: number;
  /** Its producers are asked. */
  readonly group: string;
  readonly beganAtMs: number;
  /** The due entries of all halves, in their order; of the first one as it was when it was stored. */
  readonly halves: DueEntry[];
  /** Of their records. */
  bytes: number;
  /** How many questions were put. */
  times: number;
  /** When its producers are asked next; NEVER: it is parked. */
  dueAtMs: number;
  /** Milliseconds since 1970; 0: not since the broker started. */
  lastAskedAtMs: number;
  lastAsked: string;
  /** A decision that is being carried out. */
  underWay: { readonly commit: boolean; readonly done: Promise<number> } | undefined;
}

const envelope = new Envelope();

/** Transactions that are not decided: a view of the halves that are pending, in memory. */
export class OpenTransactions {
  readonly #byFirst = new Map<number, OpenTransaction>();
  #parked = 0;

  get size(): number {
    return this.#byFirst.size;
  }

  /** Those that nobody is asked about any more. */
  get parked(): number {
    return this.#parked;
  }

  get(first: number): OpenTransaction | undefined {
    return this.#byFirst.get(first);
  }

  /** All of them, oldest first. */
  all(): Iterable<OpenTransaction> {
    return this.#byFirst.values();
  }

  /** Reads what is pending after a start. A half whose record is damaged stays pending and is not listed. */
  async load(store: Store, logger: Logger): Promise<void> {
    for (const entry of await store.due.halves()) {
      const record = await store.lookup.near(entry.origin);
      if (record !== undefined) this.add(record, entry);
      else logger.error({ logOffset: entry.origin }, "a half message cannot be read: it stays undecided");
    }
  }

  /** A half is pending: it begins a transaction, or joins one. */
  add({ header, bytes, start, end }: Readonly<FoundRecord>, entry: DueEntry): void {
    const { first, times, dueAtMs } = entry;
    const known = this.#byFirst.get(first);
    if (known !== undefined) {
      known.halves.push(entry);
      known.bytes += header.length;
      return;
    }
    scanMessage(bytes, start, end, envelope);
    this.#byFirst.set(first, {
      first,
      epoch: header.epoch,
      topic: header.topic,
      group: bytes.toString("utf8", envelope.groupStart, envelope.groupEnd),
      beganAtMs: header.storedAtMs,
      halves: [entry],
      bytes: header.length,
      times,
      dueAtMs,
      lastAskedAtMs: 0,
      lastAsked: "",
      underWay: undefined,
    });
    if (dueAtMs === NEVER) this.#parked++;
  }

  /** Its producers are asked again at another time, or, with NEVER, not any more. */
  putOff(transaction: OpenTransaction, dueAtMs: number, times: number): void {
    if (transaction.dueAtMs === NEVER) this.#parked--;
    if (dueAtMs === NEVER) this.#parked++;
    transaction.dueAtMs = dueAtMs;
    transaction.times = times;
  }

  /** It is decided. */
  delete(transaction: OpenTransaction): void {
    if (this.#byFirst.delete(transaction.first) && transaction.dueAtMs === NEVER) this.#parked--;
  }

  /** The due entries of its halves, as they are pending now. */
  entriesOf({ halves, dueAtMs, times }: OpenTransaction): DueEntry[] {
    return [{ ...halves[0]!, dueAtMs, times }, ...halves.slice(1)];
  }
}
