import { LogwheelError } from "./errors.js";

/** What stands before each message on the wire of gRPC: a flag, 1 if it is compressed, and its length, big-endian. */
export const FRAME_HEAD_BYTES = 5;

/** Writes the head of a message of so many bytes. */
export function writeFrameHead(into: Buffer, length: number): void {
  into[0] = 0;
  into.writeUInt32BE(length, 1);
}

/**
 * Finds the messages in the bytes of one call, which come in chunks of any size.
 *
 * A message within one chunk is a view of it; one that came in several is put together once it is whole, so that nothing
 * is set aside for what a caller only announces.
 */
export class FrameReader {
  readonly #bytesMax: number;
  #chunk: Buffer = EMPTY;
  #at = 0;
  /** What has come behind the chunk. */
  readonly #behind: Buffer[] = [];
  #behindBytes = 0;
  /** What has come before the chunk of a message, or of its head. */
  #parts: Buffer[] = [];
  #partsBytes = 0;
  /** Bytes of the message that is coming; undefined while its head is. */
  #length: number | undefined;

  /** Messages above `bytesMax` are refused by their head. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Whether something has come that `next` has not looked at. */
  get unread(): boolean {
    return this.#at < this.#chunk.length || this.#behind.length > 0;
  }

  /** Whether a message has come in part. */
  get midway(): boolean {
    return this.#partsBytes > 0 || this.#length !== undefined;
  }

  /** Memory for what has come and is of no message that `next` has returned: many small pieces take more than their bytes. */
  get heldBytes(): number {
    const pieces = this.#parts.length + this.#behind.length;
    return this.#partsBytes + this.#behindBytes + this.#chunk.length - this.#at + pieces * PIECE_COST;
  }

  /** Takes what has come. */
  push(chunk: Buffer): void {
    if (!this.unread) return this.#begin(chunk);
    this.#behind.push(chunk);
    this.#behindBytes += chunk.length;
  }

  /** The next whole message; null if there is none yet. MESSAGE_TOO_LARGE, or UNSUPPORTED_VERSION if it is compressed. */
  next(): Buffer | null {
    if (this.#length === undefined) {
      const head = this.#take(FRAME_HEAD_BYTES);
      if (head === null) return null;
      this.#length = this.#lengthIn(head);
    }
    const message = this.#take(this.#length);
    if (message !== null) this.#length = undefined;
    return message;
  }

  /** To be called when nobody asks for more for now: what waits on keeps no more of the chunks alive than a few times its bytes. */
  keep(): void {
    this.#begin(this.#at < this.#chunk.length ? kept(this.#chunk.subarray(this.#at)) : EMPTY);
    keepNewest(this.#parts);
    keepNewest(this.#behind);
  }

  #begin(chunk: Buffer): void {
    this.#chunk = chunk;
    this.#at = 0;
  }

  #take(bytes: number): Buffer | null {
    for (;;) {
      const taken = this.#takeHere(bytes);
      if (taken !== null || this.#behind.length === 0) return taken;
      const chunk = this.#behind.shift()!;
      this.#behindBytes -= chunk.length;
      this.#begin(chunk);
    }
  }

  #takeHere(bytes: number): Buffer | null {
    const missing = bytes - this.#partsBytes;
    const end = Math.min(this.#at + missing, this.#chunk.length);
    const part = this.#chunk.subarray(this.#at, end);
    this.#at = end;
    if (part.length === missing && this.#partsBytes === 0) return part;
    if (part.length > 0) {
      this.#parts.push(part);
      this.#partsBytes += part.length;
    }
    if (this.#partsBytes < bytes) return null;
    const whole = Buffer.concat(this.#parts, bytes);
    this.#parts = [];
    this.#partsBytes = 0;
    return whole;
  }

  #lengthIn(head: Buffer): number {
    if (head[0] !== 0)
      throw new LogwheelError(
        "UNSUPPORTED_VERSION",
        "compressed messages are not taken: send them as they are; bodies may be compressed by their producer",
      );
    const length = head.readUInt32BE(1);
    if (length > this.#bytesMax)
      throw new LogwheelError(
        "MESSAGE_TOO_LARGE",
        `a message of ${length} bytes is larger than the ${this.#bytesMax} that are taken at once`,
      );
    return length;
  }
}

const EMPTY = Buffer.alloc(0);

/** The bytes, copied if they are little of the memory that they are a view of. */
export function kept(bytes: Buffer): Buffer {
  if (bytes.length * KEPT_SHARE >= bytes.buffer.byteLength) return bytes;
  // No part of the memory that small buffers share.
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}

const KEPT_SHARE = 4;

/** The same for the pieces that have come since the last one that is kept as it is. */
function keepNewest(pieces: Buffer[]): void {
  for (let at = pieces.length - 1; at >= 0; at--) {
    const piece = kept(pieces[at]!);
    if (piece === pieces[at]) return;
    pieces[at] = piece;
  }
}

/** What a piece of a message takes beside its bytes. */
const PIECE_COST = 512;
/** Buffers for full batches that are used again: what is written in such pieces all the time would keep the collector busy. */
export class FramePool {
  readonly #free: Buffer[] = [];

  /** A buffer of so many bytes, its content worthless. */
  take(bytes: number): Buffer {
    if (bytes < POOLED_BYTES_MIN || bytes > POOLED_BYTES) return Buffer.allocUnsafe(bytes);
    const whole = this.#free.pop() ?? Buffer.allocUnsafeSlow(POOLED_BYTES);
    return whole.subarray(0, bytes);
  }

  /** Gives a buffer back that nobody reads any more. */
  give(buffer: Buffer): void {
    if (buffer.buffer.byteLength !== POOLED_BYTES || this.#free.length >= KEPT_MAX) return;
    this.#free.push(Buffer.from(buffer.buffer, 0, POOLED_BYTES));
  }
}

/** Smaller ones are made anew: what waits to be sent must not take much more than its bytes. */
const POOLED_BYTES_MIN = 160 << 10;
const POOLED_BYTES = 320 << 10;
const KEPT_MAX = 16;
