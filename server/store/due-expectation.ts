import type { DueChange } from "./due-entry.js";
import { entryByOrigin, originKey } from "./due-keys.js";
import { entriesOf } from "./due-scan.js";
import type { Views } from "./views.js";

/** What a log says is due, to compare the views with. */
export class DueExpectation {
  readonly #markedTo: number;
  /** Origins that are pending, and when they are due. */
  readonly #pending = new Map<number, number>();
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
      if (op === "put") this.#pending.set(entry.origin, entry.dueAtMs);
      else this.#pending.delete(entry.origin);
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
      for (const { origin, dueAtMs } of entries) {
        if (this.#open.has(origin)) continue;
        if (this.#pending.get(origin) !== dueAtMs || dueByOrigin(views, origin) !== dueAtMs)
          return `the due index says of log offset ${origin} what the records do not say`;
        missing--;
      }
    return missing === 0 ? undefined : `the due index lacks ${missing} entries that the records have`;
  }
}

function dueByOrigin(views: Views, origin: number): number | undefined {
  const key = originKey(origin);
  const value = views.get(key);
  return value === undefined ? undefined : entryByOrigin(key, value).dueAtMs;
}
