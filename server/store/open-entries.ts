/** Numbers per entry: position in its segment, size, tag hash, key hash. */
export const ENTRY_NUMBERS = 4;

/** Sizes of entries without a message: nothing is there any more, or what is there is damaged. */
export const HOLE = 0;
export const DAMAGED = 1;

const EMPTY = new Uint32Array(0);
const FIRST_ENTRIES = 4;

/**
 * Consume-index entries of one queue in one segment, in memory: entry n belongs to queue offset `base + n`.
 *
 * Grows by doubling; a queue without messages in the segment holds nothing.
 */
export class OpenEntries {
  /** Queue offset of the first entry. */
  base: number;
  count = 0;
  #numbers = EMPTY;

  constructor(base: number) {
    this.base = base;
  }

  add(position: number, size: number, tagHash: number, keyHash: number): void {
    const at = this.count * ENTRY_NUMBERS;
    if (at === this.#numbers.length) this.#grow();
    const numbers = this.#numbers;
    numbers[at] = position;
    numbers[at + 1] = size;
    numbers[at + 2] = tagHash;
    numbers[at + 3] = keyHash;
    this.count++;
  }

  /** All entries, four numbers each: a view that later calls of `add` may or may not change. */
  get numbers(): Uint32Array {
    return this.#numbers.subarray(0, this.count * ENTRY_NUMBERS);
  }

  position(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS]!;
  }

  size(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS + 1]!;
  }

  tagHash(index: number): number {
    return this.#numbers[index * ENTRY_NUMBERS + 2]!;
  }

  /** Takes everything out, for the index file of a sealed segment; goes on empty from the next offset. */
  take(): { baseOffset: number; entries: Uint32Array } {
    const taken = { baseOffset: this.base, entries: this.count === 0 ? EMPTY : this.numbers };
    this.base += this.count;
    this.count = 0;
    this.#numbers = EMPTY;
    return taken;
  }

  #grow(): void {
    const grown = new Uint32Array(Math.max(FIRST_ENTRIES * ENTRY_NUMBERS, this.#numbers.length * 2));
    grown.set(this.#numbers);
    this.#numbers = grown;
  }
}
