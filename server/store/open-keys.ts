const BUCKETS = 256;
const FIRST_PAIRS = 8;

/** Pairs of one bucket; each is a 64-bit number: key hash in the upper half, position in the lower. */
interface Bucket {
  pairs: BigUint64Array<ArrayBuffer>;
  /** The same bytes as halves: position, key hash, … */
  halves: Uint32Array<ArrayBuffer>;
  count: number;
}

/**
 * User keys of the segment that is being written: pairs of key hash and position in the segment.
 *
 * They lie in buckets by the hash's first byte: a look-up reads one, and sorting goes a bucket at a time.
 */
export class OpenKeys {
  readonly #buckets: (Bucket | undefined)[] = new Array(BUCKETS);
  #count = 0;

  /** How many pairs there are. */
  get count(): number {
    return this.#count;
  }

  /** A record at `position` has a key with this hash. */
  add(hash: number, position: number): void {
    this.#buckets[hash >>> 24] ??= bucketOf(FIRST_PAIRS);
    const bucket = this.#buckets[hash >>> 24]!;
    if (bucket.count === bucket.pairs.length) grow(bucket);
    bucket.halves[bucket.count * 2] = position;
    bucket.halves[bucket.count * 2 + 1] = hash;
    bucket.count += 1;
    this.#count += 1;
  }

  /** Positions of records with a key of this hash, in the order of `add`. */
  find(hash: number): number[] {
    const bucket = this.#buckets[hash >>> 24];
    const positions: number[] = [];
    for (let pair = 0; pair < (bucket?.count ?? 0); pair++) {
      const position = bucket!.halves[pair * 2]!;
      if (bucket!.halves[pair * 2 + 1] === hash && positions.at(-1) !== position) positions.push(position);
    }
    return positions;
  }

  /** All pairs, ascending, in pieces that are sorted when they are asked for. Not to be mixed with calls of `add`. */
  *toSorted(): Generator<BigUint64Array<ArrayBuffer>> {
    for (const bucket of this.#buckets) {
      if (bucket !== undefined) yield bucket.pairs.subarray(0, bucket.count).sort();
    }
  }
}

function bucketOf(pairs: number): Bucket {
  const bytes = new ArrayBuffer(pairs * 8);
  return { pairs: new BigUint64Array(bytes), halves: new Uint32Array(bytes), count: 0 };
}

function grow(bucket: Bucket): void {
  const grown = bucketOf(bucket.pairs.length * 2);
  grown.halves.set(bucket.halves);
  bucket.pairs = grown.pairs;
  bucket.halves = grown.halves;
}
