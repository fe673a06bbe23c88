import { Envelope, scanMessage } from "../../proto/kernel/envelope.js";
import type { Logger } from "../../proto/kernel/logger.js";
import { type DueEntry, NEVER } from "../store/due-entry.js";
import { type Header, KIND } from "../store/record.js";
import type { FoundRecord } from "../store/record-reader.js";
import type { Store } from "../store/store.js";

/** A transaction that is not decided. */
export interface OpenTransaction {
  /** Log offset of the half that began it, and that half's log epoch, 0 if it cannot be read: by these it is known. */
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
  /** One of its messages waits for a time of its own when it is committed. */
  delayed: boolean;
  /** One of its halves cannot be read: it can only be rolled back. */
  damaged: boolean;
  /** How many questions were put. */
  times: number;
  /** When its producers are asked next; NEVER: it is parked. */
  dueAtMs: number;
  /** Milliseconds since 1970; 0: not since the broker started. */
  lastAskedAtMs: number;
  lastAsked: string;
  /** A decision that is being carried out. */
  underWay: Promise<number> | undefined;
}

/** What is to be known of a half message. */
export interface Half {
  readonly header: Readonly<Header>;
  /** Producer group. */
  readonly group: string;
  /** Its message waits for a time of its own when it is committed. */
  readonly delayed: boolean;
}

/** Transactions that are not decided: a view of the halves that are pending, in memory. */
export class OpenTransactions {
  readonly #byFirst = new Map<number, OpenTransaction>();
  #parked = 0;
  #halves = 0;

  get size(): number {
    return this.#byFirst.size;
  }

  /** Those that nobody is asked about any more. */
  get parked(): number {
    return this.#parked;
  }

  /** Half messages of all of them. */
  get halves(): number {
    return this.#halves;
  }

  get(first: number): OpenTransaction | undefined {
    return this.#byFirst.get(first);
  }

  /** All of them, oldest first. */
  all(): Iterable<OpenTransaction> {
    return this.#byFirst.values();
  }

  /** Reads what is pending after a start. A half whose record is damaged belongs to its transaction nevertheless. */
  async load(store: Store, logger: Logger): Promise<void> {
    for (const entry of await store.due.halves()) {
      const found = await store.lookup.near(entry.place);
      const half = found?.header.kind === KIND.half ? halfOf(found) : undefined;
      this.add(half, entry);
      if (half === undefined)
        logger.error(
          { logOffset: entry.origin },
          "a half message cannot be read: its transaction can only be rolled back",
        );
    }
  }

  /** A half is pending: it begins a transaction, or joins one. Undefined for one that cannot be read. */
  add(half: Half | undefined, entry: DueEntry): void {
    const { first, times, dueAtMs, topic } = entry;
    const bytes = half?.header.length ?? 0;
    const delayed = half?.delayed ?? false;
    const damaged = half === undefined;
    this.#halves++;
    const known = this.#byFirst.get(first);
    if (known !== undefined) {
      known.halves.push(entry);
      known.bytes += bytes;
      known.delayed ||= delayed;
      known.damaged ||= damaged;
      return;
    }
    this.#byFirst.set(first, {
      first,
      epoch: half?.header.epoch ?? 0,
      topic,
      group: half?.group ?? "",
      beganAtMs: half?.header.storedAtMs ?? 0,
      halves: [entry],
      bytes,
      delayed,
      damaged,
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

  /** The message of a half was copied to where its entry says. */
  copied(entry: DueEntry): void {
    const halves = this.#byFirst.get(entry.first)?.halves ?? [];
    const at = halves.findIndex(({ origin }) => origin === entry.origin);
    if (at >= 0) halves[at] = { ...halves[at]!, place: entry.place };
  }

  /** It is decided. */
  delete(transaction: OpenTransaction): void {
    if (!this.#byFirst.delete(transaction.first)) return;
    this.#halves -= transaction.halves.length;
    if (transaction.dueAtMs === NEVER) this.#parked--;
  }

  /** The due entries of its halves, as they are pending now. */
  entriesOf({ halves, dueAtMs, times }: OpenTransaction): readonly DueEntry[] {
    if (halves[0]!.dueAtMs === dueAtMs && halves[0]!.times === times) return halves;
    return [{ ...halves[0]!, dueAtMs, times }, ...halves.slice(1)];
  }
}

function halfOf({ header, bytes, start, end }: FoundRecord): Half {
  const envelope = new Envelope();
  scanMessage(bytes, start, end, envelope);
  const group = bytes.toString("utf8", envelope.groupStart, envelope.groupEnd);
  return { header, group, delayed: envelope.due };
}
