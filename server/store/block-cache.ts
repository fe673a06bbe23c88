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
  /** Since it was last considered for removal. */
  used: boolean;
}

const BLOCKS_PER_SOURCE_MAX = 2 ** 22;

/**
 * The blocks that were asked for last, of any number of sources, up to a number of bytes. Who reads must not write.
 *
 * When room is needed, blocks go in the order in which they came, but those that were asked for again get another round.
 */
export class BlockCache {
  readonly #bytesMax: number;
  #bytes = 0;
  /** The next to be considered for removal first. */
  readonly #entries = new Map<number, Entry>();
  readonly #sourceIds = new WeakMap<BlockSource, number>();
  #lastSourceId = 0;
  #loading = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of loaded blocks. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Blocks that are being loaded. */
  get loading(): number {
    return this.#loading;
  }

  /** The block, if it is here. */
  find(source: BlockSource, number: number): Buffer | undefined {
    const entry = this.#entries.get(this.#keyOf(source, number));
    if (entry === undefined || entry.block instanceof Promise) return undefined;
    entry.used = true;
    return entry.block;
  }

  /** Whether the block is here, or being loaded. */
  has(source: BlockSource, number: number): boolean {
    return this.#entries.has(this.#keyOf(source, number));
  }

  /** The block, at once if it is here; who asks while it is being loaded shares the load. A failed load is forgotten. */
  get(source: BlockSource, number: number): Buffer | Promise<Buffer> {
    const key = this.#keyOf(source, number);
    const entry = this.#entries.get(key);
    if (entry === undefined) return this.#load(key, source, number);
    entry.used = true;
    return entry.block;
  }

  /** Forgets all blocks of a source, those that are being loaded too. */
  drop(source: BlockSource): void {
    for (const [key, entry] of this.#entries) {
      if (entry.source === source) this.#remove(key, entry);
    }
  }

  #load(key: number, source: BlockSource, number: number): Promise<Buffer> {
    const load = source.readBlock(number);
    const entry: Entry = { source, block: load, bytes: 0, used: false };
    this.#entries.set(key, entry);
    this.#loading++;
    load.then(
      (block) => this.#loaded(key, entry, block),
      () => this.#failed(key, entry),
    );
    return load;
  }

  #loaded(key: number, entry: Entry, block: Buffer): void {
    this.#loading--;
    if (this.#entries.get(key) !== entry) return;
    entry.block = block;
    entry.bytes = block.byteLength;
    this.#bytes += entry.bytes;
    if (this.#bytes > this.#bytesMax) this.#makeRoom();
  }

  #makeRoom(): void {
    for (const [key, entry] of this.#entries) {
      if (entry.bytes === 0) continue;
      this.#remove(key, entry);
      if (entry.used) this.#keep(key, entry);
      if (this.#bytes <= this.#bytesMax) return;
    }
  }

  #failed(key: number, entry: Entry): void {
    this.#loading--;
    if (this.#entries.get(key) === entry) this.#remove(key, entry);
  }

  #keep(key: number, entry: Entry): void {
    entry.used = false;
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
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
