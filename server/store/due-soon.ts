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
  /** By origin. What heap or front hold and this does not is settled. */
  readonly #live = new Map<number, DueEntry>();
  /** What was given last, in order, out of the heap: all of it is due before what the heap holds. */
  #front: DueEntry[] = [];
  #frontAt = 0;
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
    for (; this.#frontAt < this.#front.length; this.#frontAt++) {
      const first = this.#front[this.#frontAt]!;
      if (this.#live.get(first.origin) === first) return first;
    }
    return this.#firstOfHeap();
  }

  find(origin: number): DueEntry | undefined {
    return this.#live.get(origin);
  }

  put(entry: DueEntry): void {
    if (compareDue(entry, this.#horizon) >= 0) return;
    const last = this.#front.at(-1);
    if (last !== undefined && compareDue(entry, last) < 0) this.#putBack();
    if (this.#heap.size + this.#front.length - this.#frontAt >= this.#entriesMax) this.#lower(entry);
    else this.#add(entry);
  }

  delete({ origin }: DueEntry): void {
    this.#live.delete(origin);
  }

  /** Up to `max` entries that are due at `toMs`, in order. They stay until they are deleted. */
  peek(toMs: number, max: number): DueEntry[] {
    const entries: DueEntry[] = [];
    for (const entry of this.#front) if (this.#live.get(entry.origin) === entry) entries.push(entry);
    this.#front = entries;
    this.#frontAt = 0;
    while (entries.length < max) {
      const first = this.#firstOfHeap();
      if (first === undefined || first.dueAtMs > toMs) break;
      entries.push(first);
      this.#heap.pop();
    }
    const end = entries.findIndex(({ dueAtMs }) => dueAtMs > toMs);
    return entries.slice(0, Math.min(max, end < 0 ? entries.length : end));
  }

  /** Moves the horizon on: `entries` are all that are pending between it and `horizon`. */
  extend(entries: readonly DueEntry[], horizon: DuePlace): void {
    this.#heap.clear();
    this.#front = [];
    this.#frontAt = 0;
    for (const [origin, entry] of this.#live)
      if (compareDue(entry, this.#horizon) < 0) this.#heap.push(entry);
      else this.#live.delete(origin);
    for (const entry of entries) this.#add(entry);
    this.#horizon = horizon;
  }

  /** There is no room for an entry, nor for what is due behind it. */
  #lower(entry: DueEntry): void {
    this.#putBack();
    this.#horizon = entry;
  }

  #putBack(): void {
    for (const entry of this.#front.slice(this.#frontAt)) this.#heap.push(entry);
    this.#front = [];
    this.#frontAt = 0;
  }

  #firstOfHeap(): DueEntry | undefined {
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      if (compareDue(first, this.#horizon) >= 0) return undefined;
      if (this.#live.get(first.origin) === first) return first;
      this.#heap.pop();
    }
    return undefined;
  }

  #add(entry: DueEntry): void {
    this.#heap.push(entry);
    this.#live.set(entry.origin, entry);
  }
}
