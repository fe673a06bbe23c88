import type { DueEntry } from "./due-entry.js";
import { DueHeap, type Slot } from "./due-heap.js";
import { BEGINNING, compareDue, type DuePlace } from "./due-keys.js";

/**
 * What is due next, in memory: every pending entry below the `horizon`, and nothing that is settled.
 *
 * It takes so many entries and no more: what does not fit pulls the horizon down to itself.
 */
export class DueSoon {
  readonly #entriesMax: number;
  readonly #heap = new DueHeap();
  /** What is pending, by origin. */
  readonly #live = new Map<number, Slot>();
  /** What was given last, in order, out of the heap: all of it is due before what the heap holds. */
  #front: Slot[] = [];
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
      if (first.live) return first.entry;
    }
    return this.#firstOfHeap()?.entry;
  }

  find(origin: number): DueEntry | undefined {
    return this.#live.get(origin)?.entry;
  }

  put(entry: DueEntry): void {
    if (compareDue(entry, this.#horizon) >= 0) return;
    const last = this.#front.at(-1);
    if (last !== undefined && compareDue(entry, last.entry) < 0) this.#putBack();
    if (this.#heap.size + this.#front.length - this.#frontAt >= this.#entriesMax) this.#lower(entry);
    else this.#add(entry);
  }

  delete({ origin }: DueEntry): void {
    const slot = this.#live.get(origin);
    if (slot === undefined) return;
    slot.live = false;
    this.#live.delete(origin);
  }

  /** Up to `max` entries that are due at `toMs`, in order. They stay until they are deleted. */
  peek(toMs: number, max: number): DueEntry[] {
    const front = this.#front.filter(({ live }) => live);
    this.#front = front;
    this.#frontAt = 0;
    while (front.length < max) {
      const first = this.#firstOfHeap();
      if (first === undefined || first.entry.dueAtMs > toMs) break;
      front.push(first);
      this.#heap.pop();
    }
    const entries: DueEntry[] = [];
    for (const { entry } of front) {
      if (entries.length === max || entry.dueAtMs > toMs) break;
      entries.push(entry);
    }
    return entries;
  }

  /** Moves the horizon on: `entries` are all that are pending between it and `horizon`. */
  extend(entries: readonly DueEntry[], horizon: DuePlace): void {
    this.#heap.clear();
    this.#front = [];
    this.#frontAt = 0;
    for (const [origin, slot] of this.#live)
      if (compareDue(slot.entry, this.#horizon) < 0) this.#heap.push(slot);
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
    for (const slot of this.#front.slice(this.#frontAt)) this.#heap.push(slot);
    this.#front = [];
    this.#frontAt = 0;
  }

  #firstOfHeap(): Slot | undefined {
    for (let first = this.#heap.first; first !== undefined; first = this.#heap.first) {
      if (compareDue(first.entry, this.#horizon) >= 0) return undefined;
      if (first.live) return first;
      this.#heap.pop();
    }
    return undefined;
  }

  #add(entry: DueEntry): void {
    const slot = { entry, live: true };
    this.#heap.push(slot);
    this.#live.set(entry.origin, slot);
  }
}
