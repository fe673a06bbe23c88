import type { DueEntry } from "./due-entry.js";
import { DueHeap } from "./due-heap.js";
import { BEGINNING, compareDue, type DuePlace } from "./due-keys.js";

/**
 * What is due next, in memory: every pending entry below the `horizon`, and nothing that is settled.
 *
 * It takes so many entries and no more: what does not fit pulls the horizon down to itself.
 */
export class DueSoon {
  readonly #entriesMax: number;
  readonly #heap = new DueHeap();
  /** By origin. What the heap holds and this does not is settled. */
  readonly #live = new Map<number, DueEntry>();
  #horizon = BEGINNING;

  constructor(entriesMax: number) {
    this.#entriesMax = entriesMax;
  }

  /** Entries at or behind it are not all here. */
  get horizon(): DuePlace {
    return this.#horizon;
  }

  /** The pending entry that is due first; undefined if it lies behind the horizon. */
  get first(): DueEntry | undefined {
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      if (compareDue(first, this.#horizon) >= 0) return undefined;
      if (this.#live.get(first.origin) === first) return first;
      this.#heap.pop();
    }
    return undefined;
  }

  find(origin: number): DueEntry | undefined {
    return this.#live.get(origin);
  }

  put(entry: DueEntry): void {
    if (compareDue(entry, this.#horizon) >= 0) return;
    if (this.#heap.size >= this.#entriesMax) this.#horizon = entry;
    else this.#add(entry);
  }

  delete({ origin }: DueEntry): void {
    this.#live.delete(origin);
  }

  /** Up to `max` entries that are due at `toMs`, in order. They stay until they are deleted. */
  peek(toMs: number, max: number): DueEntry[] {
    const entries: DueEntry[] = [];
    for (let first = this.first; first !== undefined; first = this.first) {
      if (first.dueAtMs > toMs || entries.length === max) break;
      entries.push(first);
      this.#heap.pop();
    }
    for (const entry of entries) this.#heap.push(entry);
    return entries;
  }

  /** Moves the horizon on: `entries` are all that are pending between it and `horizon`. */
  extend(entries: readonly DueEntry[], horizon: DuePlace): void {
    this.#heap.clear();
    for (const [origin, entry] of this.#live)
      if (compareDue(entry, this.#horizon) < 0) this.#heap.push(entry);
      else this.#live.delete(origin);
    for (const entry of entries) this.#add(entry);
    this.#horizon = horizon;
  }

  #add(entry: DueEntry): void {
    this.#heap.push(entry);
    this.#live.set(entry.origin, entry);
  }
}
