import type { DueChange, DueEntry } from "./due-entry.js";
import { copyKey, entryByOrigin, originKey, readOrigin } from "./due-keys.js";
import { entriesOf } from "./due-scan.js";
import type { Views } from "./views.js";

/** What a log says is due, to compare the views with. */
export class DueExpectation {
  readonly #markedTo: number;
  /** Origins that are pending, and when they are due. */
  readonly #pending = new Map<number, number>();
  /** Where the messages of those are that were copied. */
  readonly #copies = new Map<number, number>();
  /** Origins of which records behind the mark say something: the views may or may not have heard. */
  readonly #open = new Set<number>();

  /** The views are complete up to log offset `markedTo`. */
  constructor(markedTo = 0) {
    this.#markedTo = markedTo;
  }

  get pending(): number {
    return this.#pending.size;
  }

  /** What the record at a log offset changes. */
  add(logOffset: number, changes: readonly DueChange[]): void {
    for (const { op, entry } of changes) {
      this.#copies.delete(entry.origin);
      if (op === "put") this.#pending.set(entry.origin, entry.dueAtMs);
      else this.#pending.delete(entry.origin);
      if (op === "put" && entry.place !== entry.origin) this.#copies.set(entry.origin, entry.place);
      if (logOffset >= this.#markedTo) this.#open.add(entry.origin);
    }
  }

  /** What is wrong with the views; undefined if nothing is. */
  async fault({
    views,
    lack,
  }: {
    views: Views | undefined;
    lack: string | undefined;
  }): Promise<string | undefined> {
    if (views === undefined) return this.pending === 0 ? undefined : `the due index does not count: ${lack}`;
    if (lack !== undefined) return `the due index does not count: ${lack}`;
    let missing = 0;
    for (const origin of this.#pending.keys()) if (!this.#open.has(origin)) missing++;
    for await (const entries of entriesOf(views))
      for (const entry of entries) {
        const { origin } = entry;
        if (this.#open.has(origin)) continue;
        if (!this.#says(entry) || !isWhole(views, entry))
          return `the due index says of log offset ${origin} what the records do not say`;
        missing--;
      }
    return missing === 0 ? undefined : `the due index lacks ${missing} entries that the records have`;
  }

  #says({ origin, dueAtMs, place }: DueEntry): boolean {
    return this.#pending.get(origin) === dueAtMs && (this.#copies.get(origin) ?? origin) === place;
  }
}

/** Whether an entry in due order is there by origin, too, and by the place of its copy. */
function isWhole(views: Views, { origin, dueAtMs, place }: DueEntry): boolean {
  const key = originKey(origin);
  const value = views.get(key);
  const known = value === undefined ? undefined : entryByOrigin(key, value);
  if (known?.dueAtMs !== dueAtMs || known.place !== place) return false;
  const copy = place === origin ? undefined : views.get(copyKey(place));
  return place === origin || (copy !== undefined && readOrigin(copy) === origin);
}
