import assert from "node:assert/strict";

/** Something that is read in numbered blocks. Their bytes must not change as long as a cache may hold them. */
export interface BlockSource {
  readBlock(number: number): Promise<Buffer>;
}

interface Entry {
  readonly source: BlockSource;
  /** The block, or its load. */
  block: Buffer | Promise<Buffer>;
  /** 0 while it is being loaded. */
  bytes: number;
}

const BLOCKS_PER_SOURCE_MAX = 2 ** 22;

/** The blocks that were asked for last, of any number of sources, up to a number of bytes. Who reads must not write. */
export class BlockCache {
  readonly #bytesMax: number;
  #bytes = 0;
  /** Longest unused first. */
  readonly #entries = new Map<number, Entry>();
  readonly #sourceIds = new WeakMap<BlockSource, number>();
  #lastSourceId = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of loaded blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The block, at once if it is here; who asks while it is being loaded shares the load. A failed load is forgotten. */
  get(source: BlockSource, number: number): Buffer | Promise<Buffer> {
    const key = this.#keyOf(source, number);
    const found = this.#entries.get(key);
    if (found === undefined) return this.#load(key, source, number);
    this.#entries.delete(key);
    this.#entries.set(key, found);
    return found.block;
  }

  /** Forgets all blocks of a source, those that are being loaded too. */
  drop(source: BlockSource): void {
    for (const [key, entry] of this.#entries) {
      if (entry.source === source) this.#remove(key, entry);
    }
  }

  #load(key: number, source: BlockSource, number: number): Promise<Buffer> {
    const load = source.readBlock(number);
    const entry: Entry = { source, block: load, bytes: 0 };
    this.#entries.set(key, entry);
    load.then(
      (block) => this.#loaded(key, entry, block),
      () => this.#forget(key, entry),
    );
    return load;
  }

  #loaded(key: number, entry: Entry, block: Buffer): void {
    if (this.#entries.get(key) !== entry) return;
    entry.block = block;
    entry.bytes = block.byteLength;
    this.#bytes += entry.bytes;
    for (const [oldest, { bytes }] of this.#entries) {
      if (this.#bytes <= this.#bytesMax) return;
      if (bytes > 0) this.#remove(oldest, this.#entries.get(oldest)!);
    }
  }

  #forget(key: number, entry: Entry): void {
    if (this.#entries.get(key) === entry) this.#remove(key, entry);
  }

  #remove(key: number, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }

  #keyOf(source: BlockSource, number: number): number {
    assert(number >= 0 && number < BLOCKS_PER_SOURCE_MAX, `block number ${number}`);
    let id = this.#sourceIds.get(source);
    if (id === undefined) {
      id = ++this.#lastSourceId;
      this.#sourceIds.set(source, id);
    }
    return id * BLOCKS_PER_SOURCE_MAX + number;
  }
}
