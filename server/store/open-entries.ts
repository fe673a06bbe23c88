/** Numbers per entry: position in its segment, size, tag hash, key hash. */
export const ENTRY_NUMBERS = 4;

/** Sizes of entries without a message: nothing is there any more, or what is there is damaged. */
export const HOLE = 0;
export const DAMAGED = 1;

/** A row is an entry and the row of the one before it in the same queue. */
const ROW_NUMBERS = ENTRY_NUMBERS + 1;
const CHUNK_ROWS = 1 << 12;
const NO_ENTRIES = new Uint32Array(0);

/** The entries of one queue in a segment. */
export interface EntryChain {
  /** Queue offset of the first one. */
  base: number;
  /** One past the queue offset of the last one. */
  indexed: number;
  /** Row of the last one; 0 without entries. */
  lastRow: number;
}

/**
 * Consume-index entries of one segment in memory, of all queues together, in the order of the log.
 *
 * An entry is written behind the last one, whatever queue it is of, and its queue remembers no more than the row: with
 * an array for each of 80,000 queues an append waits for the memory several times. The rows of a queue are a chain,
 * which is gathered into an array when somebody reads the queue.
 */
export class OpenEntries {
  /** Log offset at which the segment begins. */
  readonly start: number;
  readonly #chunks: Uint32Array[] = [];
  readonly #gathered = new Map<EntryChain, { numbers: Uint32Array; count: number }>();
  #newest = NO_ENTRIES;
  #rows = 0;

  constructor(start: number) {
    this.start = start;
  }

  /** The queue's next entry. */
  add(chain: EntryChain, position: number, size: number, tagHash: number, keyHash: number): void {
    const at = (this.#rows % CHUNK_ROWS) * ROW_NUMBERS;
    if (at === 0) this.#grow();
    const rows = this.#newest;
    rows[at] = position;
    rows[at + 1] = size;
    rows[at + 2] = tagHash;
    rows[at + 3] = keyHash;
    rows[at + 4] = chain.lastRow;
    chain.lastRow = ++this.#rows;
    chain.indexed++;
  }

  /** All entries of a queue, four numbers each. They are kept: asking again costs what was added since. */
  of(chain: EntryChain): Uint32Array {
    return this.gather(chain, chain.lastRow, chain.indexed - chain.base);
  }

  /** The same of a queue whose chain has gone on elsewhere: `count` entries up to `lastRow`. */
  gather(chain: EntryChain, lastRow: number, count: number): Uint32Array {
    if (count === 0) return NO_ENTRIES;
    const known = this.#gathered.get(chain) ?? { numbers: NO_ENTRIES, count: 0 };
    if (known.count === 0) this.#gathered.set(chain, known);
    if (known.count < count) {
      if (known.numbers.length < count * ENTRY_NUMBERS) {
        const grown = new Uint32Array(Math.max(count, known.count * 2) * ENTRY_NUMBERS);
        grown.set(known.numbers);
        known.numbers = grown;
      }
      this.copy(lastRow, known.count, count, known.numbers);
      known.count = count;
    }
    return known.numbers.subarray(0, count * ENTRY_NUMBERS);
  }

  /** Writes the entries `from` to `to` of a queue to their places in `into`; `lastRow` is that of the last of them. */
  copy(lastRow: number, from: number, to: number, into: Uint32Array): void {
    let row = lastRow;
    for (let entry = to - 1; entry >= from; entry--) {
      const rows = this.#chunkOf(row);
      const place = placeIn(row);
      const at = entry * ENTRY_NUMBERS;
      into[at] = rows[place]!;
      into[at + 1] = rows[place + 1]!;
      into[at + 2] = rows[place + 2]!;
      into[at + 3] = rows[place + 3]!;
      row = rows[place + 4]!;
    }
  }

  /** Position of a queue's last entry; 0 without entries. */
  lastPosition({ lastRow }: EntryChain): number {
    return lastRow === 0 ? 0 : this.#chunkOf(lastRow)[placeIn(lastRow)]!;
  }

  #chunkOf(row: number): Uint32Array {
    return this.#chunks[Math.floor((row - 1) / CHUNK_ROWS)]!;
  }

  #grow(): void {
    this.#newest = new Uint32Array(CHUNK_ROWS * ROW_NUMBERS);
    this.#chunks.push(this.#newest);
  }
}

/** Rows count from 1. */
function placeIn(row: number): number {
  return ((row - 1) % CHUNK_ROWS) * ROW_NUMBERS;
}
