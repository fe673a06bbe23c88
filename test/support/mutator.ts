/** Damages bytes as a faulty or hostile sender would: flips, cuts, inserts, repeats, splices, extreme lengths. */
export class Mutator {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** One of the values. */
  pick<T>(values: readonly T[]): T {
    return values[this.#below(values.length)]!;
  }

  /** A copy of `bytes` with one to four changes; `other` is what may be spliced in. */
  mutate(bytes: Buffer, other: Buffer): Buffer {
    let mutated: Buffer = Buffer.from(bytes);
    for (let count = 1 + this.#below(4); count > 0; count--) mutated = this.#once(mutated, other);
    return mutated;
  }

  #once(bytes: Buffer, other: Buffer): Buffer {
    const at = this.#below(bytes.length + 1);
    const end = at + this.#below(bytes.length - at + 1);
    switch (this.#below(7)) {
      case 0:
        return this.#flip(bytes);
      case 1:
        return bytes.subarray(0, at);
      case 2:
        return Buffer.concat([bytes.subarray(0, at), bytes.subarray(end)]);
      case 3:
        return Buffer.concat([bytes.subarray(0, at), this.#bytes(1 + this.#below(12)), bytes.subarray(at)]);
      case 4:
        return Buffer.concat([bytes.subarray(0, end), bytes.subarray(at, end), bytes.subarray(end)]);
      case 5:
        return Buffer.concat([bytes.subarray(0, at), other.subarray(this.#below(other.length + 1))]);
      default:
        return this.#extreme(bytes, at);
    }
  }

  #flip(bytes: Buffer): Buffer {
    if (bytes.length === 0) return bytes;
    const flipped = Buffer.from(bytes);
    const at = this.#below(flipped.length);
    flipped[at] = flipped[at]! ^ (1 << this.#below(8));
    return flipped;
  }

  /** Writes a length at the end of what a number can say over some place. */
  #extreme(bytes: Buffer, at: number): Buffer {
    const lengths = [
      "ffffffff0f",
      "ffffffff07",
      "ffffffffffffffffff01",
      "8080808080808080808000",
      "80",
      "7f",
    ];
    const value = Buffer.from(this.pick(lengths), "hex");
    return Buffer.concat([bytes.subarray(0, at), value, bytes.subarray(Math.min(bytes.length, at + 1))]);
  }

  #bytes(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.#below(256)));
  }

  #below(bound: number): number {
    return Math.floor(this.#random() * bound);
  }
}
