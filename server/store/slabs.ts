/** Bytes of one slab; a record that is larger gets a slab of its own. */
export const SLAB_BYTES = 1 << 20;

/** A piece of the log in memory: `filled` bytes from log offset `start` on, all in one segment. */
export interface Slab {
  bytes: Buffer;
  view: DataView;
  start: number;
  filled: number;
}

/**
 * The newest part of the log, in memory: where records are encoded, what the writer writes, and what hot reads are
 * served from.
 *
 * Invariant: slabs are in log order, and adjoin except where a segment ends. A slab's bytes are reused only when they
 * are written and `kept` newer slabs exist. Readers copy within the turn in which they look, so nobody holds a slab.
 */
export class Slabs {
  readonly #kept: number;
  readonly #list: Slab[] = [];
  readonly #free: Buffer[] = [];

  constructor(kept: number) {
    this.#kept = kept;
  }

  get newest(): Slab | undefined {
    return this.#list.at(-1);
  }

  /** Lowest log offset in memory; Infinity without any. */
  get start(): number {
    return this.#list[0]?.start ?? Number.POSITIVE_INFINITY;
  }

  /** Begins a slab at a log offset, with room for `bytes` at least; drops slabs below `writtenTo` beyond those kept. */
  open(start: number, bytes: number, writtenTo: number): Slab {
    this.#drop(writtenTo);
    const buffer =
      bytes > SLAB_BYTES
        ? Buffer.allocUnsafeSlow(bytes)
        : (this.#free.pop() ?? Buffer.allocUnsafeSlow(SLAB_BYTES));
    const slab = {
      bytes: buffer,
      view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length),
      start,
      filled: 0,
    };
    this.#list.push(slab);
    return slab;
  }

  /** The slab that holds the byte at a log offset. */
  at(logOffset: number): Slab | undefined {
    const list = this.#list;
    for (let index = list.length - 1; index >= 0; index--) {
      const slab = list[index]!;
      if (logOffset < slab.start) continue;
      return logOffset < slab.start + slab.filled ? slab : undefined;
    }
    return undefined;
  }

  /** The bytes from a log offset on that adjoin each other: views in order, and where they begin and end. */
  pending(from: number): { from: number; to: number; pieces: Buffer[] } {
    const pieces: Buffer[] = [];
    let to = from;
    for (const slab of this.#list) {
      const end = slab.start + slab.filled;
      if (end <= from) continue;
      if (pieces.length === 0) to = Math.max(from, slab.start);
      else if (slab.start !== to) break;
      if (pieces.length === 0) from = to;
      pieces.push(slab.bytes.subarray(to - slab.start, slab.filled));
      to = end;
    }
    return { from, to, pieces };
  }

  #drop(writtenTo: number): void {
    while (this.#list.length > this.#kept) {
      const oldest = this.#list[0]!;
      if (oldest.start + oldest.filled > writtenTo) return;
      this.#list.shift();
      if (oldest.bytes.length === SLAB_BYTES && this.#free.length < this.#kept) this.#free.push(oldest.bytes);
    }
  }
}
