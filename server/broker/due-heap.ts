/** Offsets with a time, earliest first. An offset may be in it more than once: who takes one out checks that it still counts. */
export class DueHeap {
  #times: number[] = [];
  #offsets: number[] = [];

  get size(): number {
    return this.#times.length;
  }

  /** Time of the earliest; Infinity when empty. */
  get nextMs(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  /** Offset of the earliest; -1 when empty. */
  get nextOffset(): number {
    return this.#offsets[0] ?? -1;
  }

  push(dueMs: number, offset: number): void {
    let at = this.#times.length;
    this.#times.push(dueMs);
    this.#offsets.push(offset);
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.#before(at, parent)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes out the earliest. */
  pop(): void {
    const last = this.#times.length - 1;
    if (last < 0) return;
    this.#swap(0, last);
    this.#times.pop();
    this.#offsets.pop();
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      if (left >= last) return;
      const child = left + 1 < last && this.#before(left + 1, left) ? left + 1 : left;
      if (!this.#before(child, at)) return;
      this.#swap(child, at);
      at = child;
    }
  }

  clear(): void {
    this.#times = [];
    this.#offsets = [];
  }

  /** Equal times come in the order of their offsets. */
  #before(a: number, b: number): boolean {
    const difference = this.#times[a]! - this.#times[b]!;
    return difference < 0 || (difference === 0 && this.#offsets[a]! < this.#offsets[b]!);
  }

  #swap(a: number, b: number): void {
    const time = this.#times[a]!;
    this.#times[a] = this.#times[b]!;
    this.#times[b] = time;
    const offset = this.#offsets[a]!;
    this.#offsets[a] = this.#offsets[b]!;
    this.#offsets[b] = offset;
  }
}
