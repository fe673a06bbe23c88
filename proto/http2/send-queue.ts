/** What of a stream waits for its windows or for the socket, copied: in few pieces, however small the messages are. */
export class SendQueue {
  readonly #pieces: Buffer[] = [];
  /** Bytes of the last piece that are filled, and of the first that have gone. */
  #filled = 0;
  #gone = 0;
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes what is behind the first `from` bytes of head and body together. */
  push(head: Buffer, body: Buffer, from: number): void {
    if (from < head.length) this.#add(head.subarray(from));
    this.#add(body.subarray(Math.max(0, from - head.length)));
  }

  #add(bytes: Buffer): void {
    let at = 0;
    const last = this.#pieces.at(-1);
    if (last !== undefined) {
      at = Math.min(bytes.length, last.length - this.#filled);
      bytes.copy(last, this.#filled, 0, at);
      this.#filled += at;
    }
    this.#bytes += bytes.length;
    if (at === bytes.length) return;
    const rest = bytes.length - at;
    const piece = Buffer.allocUnsafe(Math.max(rest, Math.min(this.#bytes, PIECE_BYTES), PIECE_BYTES_MIN));
    bytes.copy(piece, 0, at);
    this.#pieces.push(piece);
    this.#filled = rest;
  }

  /** Moves the next `count` bytes, of which there must be so many. */
  shift(into: Buffer, at: number, count: number): void {
    let next = at;
    this.#bytes -= count;
    for (let left = count; left > 0; ) {
      const piece = this.#pieces[0]!;
      const end = this.#pieces.length === 1 ? this.#filled : piece.length;
      const taken = Math.min(left, end - this.#gone);
      piece.copy(into, next, this.#gone, this.#gone + taken);
      next += taken;
      left -= taken;
      this.#gone += taken;
      if (this.#gone < end) continue;
      this.#pieces.shift();
      this.#gone = 0;
    }
  }

  clear(): void {
    this.#pieces.length = 0;
    this.#bytes = 0;
    this.#filled = 0;
    this.#gone = 0;
  }
}

/** A queue that grows gets pieces of this size, one that stays small smaller ones. */
const PIECE_BYTES = 64 << 10;
const PIECE_BYTES_MIN = 256;
