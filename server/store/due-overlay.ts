import type { DueChange, DueEntry } from "./due-entry.js";
import { deleteEntry, putEntry, rememberSettled } from "./due-keys.js";
import type { ViewChange } from "./views.js";

/** Changes that are worth a look at all that are here. */
const MANY_CHANGES = 1_024;

/** What became of an origin: its entry as it stands in the view below, and as it is to stand there. */
interface Net {
  readonly before: DueEntry | undefined;
  after: DueEntry | undefined;
  /** As it was last. */
  last: DueEntry;
  /** Gone, and nothing took its place. */
  dropped: boolean;
}

/** A change, and the log offset of the record that says so. */
interface Logged {
  readonly logOffset: number;
  readonly put: boolean;
  readonly entry: DueEntry;
  readonly dropped: boolean;
  /** It makes the entry: the view below does not have that. */
  readonly fresh: boolean;
  /** Of an entry that came and went here: the other change. Together they are nothing to the view below. */
  other: Logged | undefined;
}

/**
 * The newest changes of the due index, in the order of the log, which the view below does not have yet.
 *
 * Invariant: a change leaves only when the view below has it, and it gets there only when its record is durable. An entry
 * that was put and settled here never gets there.
 */
export class DueOverlay {
  #changes: Logged[] = [];
  /** The newest change of each origin. */
  readonly #latest = new Map<number, Logged>();
  /** Origins of what was copied, by where to. */
  readonly #copies = new Map<number, number>();
  /** Changes that came since the overlay was compacted or written, and how many of all take back another one that is here. */
  #fresh = 0;
  #pairs = 0;

  /** Whether half of it came and went, and half of it since it was compacted: each change is looked at about twice. */
  get loose(): boolean {
    const { length } = this.#changes;
    return this.#fresh >= MANY_CHANGES && this.#fresh * 2 >= length && this.#pairs * 4 >= length;
  }

  get size(): number {
    return this.#changes.length;
  }

  /** Log offset of the oldest change; Infinity without any. */
  get start(): number {
    return this.#changes[0]?.logOffset ?? Number.POSITIVE_INFINITY;
  }

  /** A record at a log offset changes something: no earlier one than those before. */
  add(logOffset: number, change: DueChange): void {
    const { op, entry, dropped = false } = change;
    const before = this.#latest.get(entry.origin);
    const put = op === "put";
    const fresh = put && before === undefined;
    const other = !put && !dropped && before?.fresh === true ? before : undefined;
    const logged: Logged = { logOffset, put, entry, dropped, fresh, other };
    if (other !== undefined) {
      other.other = logged;
      this.#pairs++;
    }
    this.#changes.push(logged);
    this.#latest.set(entry.origin, logged);
    if (put && entry.place !== entry.origin) this.#copies.set(entry.place, entry.origin);
    this.#fresh++;
  }

  /** An origin's entry; null if it has none any more, undefined if nothing here is about it. */
  find(origin: number): DueEntry | null | undefined {
    const latest = this.#latest.get(origin);
    if (latest === undefined) return undefined;
    return latest.put ? latest.entry : null;
  }

  /** Where an origin's message is, or was when it was settled; undefined if nothing here is about it. */
  placeOf(origin: number): number | undefined {
    return this.#latest.get(origin)?.entry.place;
  }

  /** The origin of the copy at a log offset, by what is here. */
  originOf(place: number): number | undefined {
    return this.#copies.get(place);
  }

  /** Whether an origin's entry was dropped by what is here. */
  dropped(origin: number): boolean {
    return this.#latest.get(origin)?.dropped ?? false;
  }

  /** Entries that are pending by what is here. */
  *pending(): Generator<DueEntry> {
    for (const { put, entry } of this.#latest.values()) if (put) yield entry;
  }

  /** What the records below log offset `to` change in the view below, all in all. */
  *net(to: number): Generator<ViewChange> {
    for (const { before, after, last, dropped } of this.#netted(to).values()) {
      if (after === undefined) yield* rememberSettled(last, dropped);
      if (isSame(before, after)) continue;
      if (before !== undefined) yield* deleteEntry(before);
      if (after !== undefined) yield* putEntry(after);
    }
  }

  /**
   * Forgets what came and went below log offset `to`, up to which all is durable: the view below needs nothing of it, and a
   * start that replays its records finds the same.
   */
  compact(to: number): void {
    const kept: Logged[] = [];
    for (const logged of this.#changes) {
      const { other, logOffset, entry } = logged;
      if (other === undefined || logOffset >= to || other.logOffset >= to) kept.push(logged);
      else if (this.#latest.get(entry.origin) === logged) this.#latest.delete(entry.origin);
    }
    this.#pairs -= (this.#changes.length - kept.length) / 2;
    this.#changes = kept;
    this.#fresh = 0;
  }

  /** The view below has what the records below log offset `to` change. */
  written(to: number): void {
    const count = this.#countBelow(to);
    for (let at = 0; at < count; at++) {
      const logged = this.#changes[at]!;
      const { origin } = logged.entry;
      if (logged.other !== undefined) {
        logged.other.other = undefined;
        this.#pairs--;
      }
      if (this.#latest.get(origin) === logged) this.#latest.delete(origin);
      if (logged.put && logged.entry.place !== origin) this.#copies.delete(logged.entry.place);
    }
    this.#changes = this.#changes.slice(count);
    this.#fresh = 0;
  }

  /** The first change of an origin here tells whether the view below has it: one that is put was not there. */
  #netted(to: number): Map<number, Net> {
    const netted = new Map<number, Net>();
    for (const { logOffset, put, entry, dropped } of this.#changes) {
      if (logOffset >= to) break;
      const after = put ? entry : undefined;
      const net = netted.get(entry.origin);
      const last = { after, last: entry, dropped };
      if (net === undefined) netted.set(entry.origin, { before: put ? undefined : entry, ...last });
      else Object.assign(net, last);
    }
    return netted;
  }

  #countBelow(to: number): number {
    const count = this.#changes.findIndex(({ logOffset }) => logOffset >= to);
    return count < 0 ? this.#changes.length : count;
  }
}

/** Whether nothing about an entry has changed that the view below holds. */
function isSame(before: DueEntry | undefined, after: DueEntry | undefined): boolean {
  return (
    before?.dueAtMs === after?.dueAtMs && before?.times === after?.times && before?.place === after?.place
  );
}
