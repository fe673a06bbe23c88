import type { DueChange, DueEntry } from "./due-entry.js";
import { deleteEntry, putDropped, putEntry } from "./due-keys.js";
import type { ViewChange } from "./views.js";

/** What became of an origin: its entry as it stands in the view below, and as it is to stand there. */
interface Net {
  readonly before: DueEntry | undefined;
  after: DueEntry | undefined;
  /** Gone, and nothing took its place. */
  dropped: boolean;
}

/**
 * The newest changes of the due index, in the order of the log, which the view below does not have yet.
 *
 * Invariant: a change leaves only when the view below has it, and it gets there only when its record is durable. An entry
 * that was put and settled here never gets there.
 */
export class DueOverlay {
  #changes: { readonly logOffset: number; readonly change: DueChange }[] = [];
  /** The newest change of each origin. */
  readonly #latest = new Map<
    number,
    { readonly logOffset: number; readonly entry: DueEntry | null; readonly dropped: boolean }
  >();

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
    this.#changes.push({ logOffset, change });
    this.#latest.set(entry.origin, { logOffset, entry: op === "put" ? entry : null, dropped });
  }

  /** An origin's entry; null if it has none any more, undefined if nothing here is about it. */
  find(origin: number): DueEntry | null | undefined {
    return this.#latest.get(origin)?.entry;
  }

  /** Whether an origin's entry was dropped by what is here. */
  dropped(origin: number): boolean {
    return this.#latest.get(origin)?.dropped ?? false;
  }

  /** Entries that are pending by what is here. */
  *pending(): Generator<DueEntry> {
    for (const { entry } of this.#latest.values()) if (entry !== null) yield entry;
  }

  /** What the records below log offset `to` change in the view below, all in all. */
  *net(to: number): Generator<ViewChange> {
    for (const [origin, { before, after, dropped }] of this.#netted(to)) {
      if (dropped) yield putDropped(origin);
      if (before?.dueAtMs === after?.dueAtMs && before?.times === after?.times) continue;
      if (before !== undefined) yield* deleteEntry(before);
      if (after !== undefined) yield* putEntry(after);
    }
  }

  /** The view below has what the records below log offset `to` change. */
  written(to: number): void {
    const count = this.#countBelow(to);
    for (const { change } of this.#changes.slice(0, count)) {
      const { origin } = change.entry;
      const latest = this.#latest.get(origin);
      if (latest !== undefined && latest.logOffset < to) this.#latest.delete(origin);
    }
    this.#changes = this.#changes.slice(count);
  }

  /** The first change of an origin here tells whether the view below has it: one that is put was not there. */
  #netted(to: number): Map<number, Net> {
    const netted = new Map<number, Net>();
    for (const { logOffset, change } of this.#changes) {
      if (logOffset >= to) break;
      const { op, entry, dropped = false } = change;
      const after = op === "put" ? entry : undefined;
      const net = netted.get(entry.origin);
      if (net === undefined)
        netted.set(entry.origin, { before: op === "delete" ? entry : undefined, after, dropped });
      else Object.assign(net, { after, dropped });
    }
    return netted;
  }

  #countBelow(to: number): number {
    const count = this.#changes.findIndex(({ logOffset }) => logOffset >= to);
    return count < 0 ? this.#changes.length : count;
  }
}
