/** So many of something are let pass at once, and so many more each second. */
export class Allowance {
  readonly #max: number;
  readonly #perMs: number;
  #count = 0;
  #atMs = 0;

  constructor(max: number, perSecond: number) {
    this.#max = max;
    this.#perMs = perSecond / 1_000;
  }

  /** Counts one more; false when that is too many. */
  take(nowMs: number): boolean {
    this.#count = Math.max(0, this.#count - (nowMs - this.#atMs) * this.#perMs) + 1;
    this.#atMs = nowMs;
    return this.#count <= this.#max;
  }

  /** Makes room for so many more. */
  give(count: number): void {
    this.#count = Math.max(0, this.#count - count);
  }
}
