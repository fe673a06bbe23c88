import type { DueEntry } from "./due-entry.js";
import { compareDue } from "./due-keys.js";

/** Entries of which the one that is due first comes out first. */
export class DueHeap {
  #entries: DueEntry[] = [];

  get size(): number {
    return this.#entries.length;
  }

  get first(): DueEntry | undefined {
    return this.#entries[0];
  }

  push(entry: DueEntry): void {
    const entries = this.#entries;
    let at = entries.length;
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (compareDue(entries[above]!, entry) <= 0) break;
      entries[at] = entries[above]!;
      at = above;
    }
    entries[at] = entry;
  }

  pop(): DueEntry | undefined {
    const first = this.#entries[0];
    const last = this.#entries.pop();
    if (last !== undefined && this.#entries.length > 0) this.#sink(last);
    return first;
  }

  clear(): void {
    this.#entries = [];
  }

  /** Puts an entry in the place of the first, and moves it down to where it belongs. */
  #sink(entry: DueEntry): void {
    const entries = this.#entries;
    let at = 0;
    for (let below = 1; below < entries.length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < entries.length && compareDue(entries[right]!, entries[below]!) < 0) below = right;
      if (compareDue(entry, entries[below]!) <= 0) break;
      entries[at] = entries[below]!;
      at = below;
    }
    entries[at] = entry;
  }
}
