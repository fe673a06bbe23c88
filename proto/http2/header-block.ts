/** A header block may come in so many frames; that many small ones are no block but a flood. */
const PARTS_MAX = 64;

/** A header block that comes in several frames. */
export class HeaderBlock {
  readonly stream: number;
  readonly endStream: boolean;
  /** It says that its stream depends on itself. */
  readonly flawed: boolean;
  readonly #parts: Buffer[] = [];
  #bytes = 0;

  constructor(stream: number, endStream: boolean, flawed: boolean) {
    this.stream = stream;
    this.endStream = endStream;
    this.flawed = flawed;
  }

  /** Adds a part; false when the block is larger than `bytesMax` or in too many of them. */
  add(bytes: Buffer, start: number, end: number, bytesMax: number): boolean {
    this.#parts.push(Buffer.from(bytes.subarray(start, end)));
    this.#bytes += end - start;
    return this.#parts.length <= PARTS_MAX && this.#bytes <= bytesMax;
  }

  /** All of it. */
  whole(): Buffer {
    return Buffer.concat(this.#parts);
  }
}
