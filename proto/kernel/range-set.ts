/** Offsets from the first up to, not including, the second. */
export type OffsetRange = readonly [start: number, end: number];

/**
 * A set of offsets, kept as sorted half-open ranges that neither overlap nor touch.
 *
 * Adding behind the last range, or lengthening it, takes constant time; everything else a binary search, and a move of
 * the ranges behind where ranges come or go.
 */
export class RangeSet {
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  #count = 0;

  /** A set of the given ranges, in any order, overlapping or not. */
  static of(ranges: Iterable<OffsetRange>): RangeSet {
    const set = new RangeSet();
    for (const [start, end] of ranges) set.add(start, end);
    return set;
  }

  /** How many offsets are in it. */
  get count(): number {
    return this.#count;
  }

  /** How many ranges it takes: what it costs to keep. */
  get ranges(): number {
    return this.#starts.length;
  }

  /** One past the highest offset in it; 0 when empty. */
  get end(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** Puts in `[start, end)`; returns how many of these offsets were not in it. Nothing if `end` is not above `start`. */
  add(start: number, end: number): number {
    if (end <= start) return 0;
    const last = this.#ends.length - 1;
    if (last < 0 || start > this.#ends[last]!) {
      this.#starts.push(start);
      this.#ends.push(end);
      return this.#grown(end - start);
    }
    if (start >= this.#starts[last]!) {
      const added = Math.max(0, end - this.#ends[last]!);
      this.#ends[last]! += added;
      return this.#grown(added);
    }
    return this.#merge(start, end);
  }

  has(offset: number): boolean {
    const at = this.#after(offset);
    return at < this.#starts.length && this.#starts[at]! <= offset;
  }

  /** The lowest offset from `offset` on that is not in it. */
  nextMissing(offset: number): number {
    const at = this.#after(offset);
    return at < this.#starts.length && this.#starts[at]! <= offset ? this.#ends[at]! : offset;
  }

  /** The lowest offset from `offset` on that is in it; Infinity if there is none. */
  nextPresent(offset: number): number {
    const at = this.#after(offset);
    return at < this.#starts.length ? Math.max(offset, this.#starts[at]!) : Number.POSITIVE_INFINITY;
  }

  /** How many offsets of `[start, end)` are in it. */
  countWithin(start: number, end: number): number {
    if (end <= start) return 0;
    let count = 0;
    for (let at = this.#after(start); at < this.#starts.length && this.#starts[at]! < end; at++)
      count += Math.min(end, this.#ends[at]!) - Math.max(start, this.#starts[at]!);
    return count;
  }

  /** Takes out everything below `floor` and the range that holds it; returns the lowest offset from `floor` on that was missing. */
  takeFloor(floor: number): number {
    const next = this.nextMissing(floor);
    const below = this.#after(next);
    for (let at = 0; at < below; at++) this.#count -= this.#ends[at]! - this.#starts[at]!;
    this.#starts.splice(0, below);
    this.#ends.splice(0, below);
    return next;
  }

  clear(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.#count = 0;
  }

  /** The ranges, lowest first. */
  toArray(): [start: number, end: number][] {
    return this.#starts.map((start, at) => [start, this.#ends[at]!]);
  }

  /** Index of the first range that ends above `offset`. */
  #after(offset: number): number {
    let low = 0;
    let high = this.#ends.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#ends[middle]! > offset) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Joins `[start, end)` with every range that it overlaps or touches. */
  #merge(start: number, end: number): number {
    const first = this.#after(start - 1);
    let behind = first;
    let from = start;
    let to = end;
    let held = 0;
    for (; behind < this.#starts.length && this.#starts[behind]! <= end; behind++) {
      from = Math.min(from, this.#starts[behind]!);
      to = Math.max(to, this.#ends[behind]!);
      held += this.#ends[behind]! - this.#starts[behind]!;
    }
    this.#starts.splice(first, behind - first, from);
    this.#ends.splice(first, behind - first, to);
    return this.#grown(to - from - held);
  }

  #grown(by: number): number {
    this.#count += by;
    return by;
  }
}
