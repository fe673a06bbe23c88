import type { DueEntry } from "./due-entry.js";

/** An entry in its place in the order, and whether it is pending still: to ask the map for each again costs more. */
export interface Slot {
  readonly entry: DueEntry;
  live: boolean;
}

/** Entries of one millisecond; what is before `at` has been taken. */
interface Instant {
  readonly dueAtMs: number;
  readonly slots: Slot[];
  at: number;
  /** In the order of their origins, as nearly all come. */
  sorted: boolean;
}

/** Entries of which the one that is due first comes out first. Thousands of one instant cost no more than as many in a list. */
export class DueHeap {
  /** Each has a slot left. */
  #instants: Instant[] = [];
  readonly #byTime = new Map<number, Instant>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): Slot | undefined {
    const instant = this.#instants[0];
    if (instant === undefined) return undefined;
    if (!instant.sorted) sort(instant);
    return instant.slots[instant.at];
  }

  push(slot: Slot): void {
    const { dueAtMs, origin } = slot.entry;
    const instant = this.#byTime.get(dueAtMs);
    this.#size++;
    if (instant === undefined) return this.#begin({ dueAtMs, slots: [slot], at: 0, sorted: true });
    instant.sorted &&= instant.slots.at(-1)!.entry.origin <= origin;
    instant.slots.push(slot);
  }

  pop(): void {
    const instant = this.#instants[0];
    if (instant === undefined) return;
    this.#size--;
    if (++instant.at < instant.slots.length) return;
    this.#byTime.delete(instant.dueAtMs);
    const last = this.#instants.pop()!;
    if (this.#instants.length > 0) this.#sink(last);
  }

  clear(): void {
    this.#instants = [];
    this.#byTime.clear();
    this.#size = 0;
  }

  #begin(instant: Instant): void {
    const instants = this.#instants;
    let at = instants.length;
    this.#byTime.set(instant.dueAtMs, instant);
    while (at > 0) {
      const above = (at - 1) >> 1;
      if (instants[above]!.dueAtMs <= instant.dueAtMs) break;
      instants[at] = instants[above]!;
      at = above;
    }
    instants[at] = instant;
  }

  /** Puts an instant in the place of the first, and moves it down to where it belongs. */
  #sink(instant: Instant): void {
    const instants = this.#instants;
    let at = 0;
    for (let below = 1; below < instants.length; below = 2 * at + 1) {
      const right = below + 1;
      if (right < instants.length && instants[right]!.dueAtMs < instants[below]!.dueAtMs) below = right;
      if (instant.dueAtMs <= instants[below]!.dueAtMs) break;
      instants[at] = instants[below]!;
      at = below;
    }
    instants[at] = instant;
  }
}

function sort(instant: Instant): void {
  instant.slots.splice(0, instant.at);
  instant.at = 0;
  instant.slots.sort((a, b) => a.entry.origin - b.entry.origin);
  instant.sorted = true;
}
