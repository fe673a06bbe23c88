const FIRST = 1 << 16;

/** Latencies, every one of them kept: percentiles are exact. Milliseconds. */
export class Latencies {
  #values = new Float32Array(FIRST);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add(ms: number): void {
    if (this.#count === this.#values.length) {
      const grown = new Float32Array(this.#count * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#count++] = ms;
  }

  /** Forgets everything: the warm-up is over. */
  clear(): void {
    this.#count = 0;
  }

  /** Percentiles in milliseconds with three digits; zeros without values. */
  summary(): { p50: number; p99: number; p999: number; max: number } {
    const sorted = this.#values.subarray(0, this.#count).slice().sort();
    const at = (share: number): number => {
      const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return Math.round(value * 1_000) / 1_000;
    };
    return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
  }
}
