const LENGTH_MIN = 256;

/** Offsets to a bucket, if keys are spread evenly and the ring is full. */
const PER_BUCKET = 4;

/**
 * Hashes of ordering keys by offset, of the newest offsets of a queue that were noted, in a ring twice as long as the window
 * above the floor, so that what was skipped a moment ago is known still. Offsets of one hash are found without a look at
 * all others: each is linked to the one before it whose hash has the same low bits.
 *
 * Takes ten bytes for each place of the ring.
 */
export class KeyHashes {
  #ring = new Uint32Array(LENGTH_MIN);
  /** Distance to the offset before in the same bucket; 0: there is none. */
  #back = new Uint32Array(LENGTH_MIN);
  /** Highest offset of each bucket; -1: there is none. */
  #newest = new Float64Array(LENGTH_MIN / PER_BUCKET).fill(-1);
  /** One past the highest offset that was noted. */
  #end = 0;

  /** How many hashes there is room for. */
  get size(): number {
    return this.#ring.length;
  }

  /** Notes the hash at `offset`, which is no more than a window above `floor`. */
  note(offset: number, hash: number, floor: number): void {
    if (offset < this.#end) return;
    if ((offset - floor) * 2 >= this.#ring.length) this.#grow((offset - floor) * 2);
    this.#append(offset, hash);
  }

  /** The hash at `offset`; -1 if it was not noted, or too long ago. One that was passed over may have another's. */
  get(offset: number): number {
    if (offset >= this.#end || offset < this.#end - this.#ring.length) return -1;
    return this.#ring[offset & (this.#ring.length - 1)]!;
  }

  /** The offsets from `from` on that have this hash, lowest first. */
  find(hash: number, from: number): number[] {
    const found: number[] = [];
    const mask = this.#ring.length - 1;
    const lowest = Math.max(from, this.#end - this.#ring.length);
    let at = this.#newest[hash & (this.#newest.length - 1)]!;
    while (at >= lowest) {
      if (this.#ring[at & mask] === hash) found.push(at);
      const back = this.#back[at & mask]!;
      if (back === 0) break;
      at -= back;
    }
    return found.reverse();
  }

  #append(offset: number, hash: number): void {
    const place = offset & (this.#ring.length - 1);
    const bucket = hash & (this.#newest.length - 1);
    const before = this.#newest[bucket]!;
    this.#ring[place] = hash;
    this.#back[place] = before < 0 || offset - before >= this.#ring.length ? 0 : offset - before;
    this.#newest[bucket] = offset;
    this.#end = offset + 1;
  }

  #grow(above: number): void {
    const [ring, end] = [this.#ring, this.#end];
    let length = ring.length;
    while (length <= above) length *= 2;
    this.#ring = new Uint32Array(length);
    this.#back = new Uint32Array(length);
    this.#newest = new Float64Array(length / PER_BUCKET).fill(-1);
    for (let at = Math.max(0, end - ring.length); at < end; at++)
      this.#append(at, ring[at & (ring.length - 1)]!);
  }
}
