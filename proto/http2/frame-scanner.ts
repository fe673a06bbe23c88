import { CODE, FLAG, FRAME, HEAD_BYTES, PREFACE, read31 } from "./frames.js";

/** Who is told what a peer sends. Once it has called `stop`, nothing more is told. */
export interface FrameSink {
  /** A frame of any type but DATA, whole; its payload is `bytes[start..end)`, which nobody may keep. */
  frame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void;
  /** The head of a DATA frame: so many bytes count against the windows. */
  dataHead(stream: number, length: number): void;
  /** A piece of its data, which may be kept. `last`: nothing of the frame comes any more. */
  data(stream: number, flags: number, bytes: Buffer, start: number, end: number, last: boolean): void;
  /** What came is no HTTP/2. */
  noPreface(): void;
  /** The connection cannot go on. */
  broken(code: number): void;
}

const NONE = Buffer.alloc(0);

/**
 * Finds frames in what a client sends, which comes in chunks of any size. Data is handed on in views of the chunks, as it
 * comes; of other frames what is not whole is kept until it is, and no more room is made than has come.
 */
export class FrameScanner {
  readonly #sink: FrameSink;
  readonly #frameBytesMax: number;
  #prefaceAt = 0;
  #stopped = false;
  /** The beginning of a frame that is not whole, or of its head. */
  #kept = NONE;
  #keptBytes = 0;
  /** The DATA frame of which a part has come. */
  #dataStream = 0;
  #dataFlags = 0;
  #dataLeft = 0;
  #paddingLeft = 0;

  constructor(sink: FrameSink, frameBytesMax: number) {
    this.#sink = sink;
    this.#frameBytesMax = frameBytesMax;
  }

  /** Tells nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#kept = NONE;
    this.#keptBytes = 0;
  }

  push(chunk: Buffer): void {
    let at = 0;
    if (this.#prefaceAt < PREFACE.length) at = this.#preface(chunk);
    while (at < chunk.length && !this.#stopped) {
      if (this.#keptBytes > 0) at = this.#goOn(chunk, at);
      else if (this.#dataLeft + this.#paddingLeft > 0) at = this.#dataPiece(chunk, at);
      else at = this.#frameAt(chunk, at);
    }
  }

  #preface(chunk: Buffer): number {
    let at = 0;
    while (at < chunk.length && this.#prefaceAt < PREFACE.length) {
      if (chunk[at++] === PREFACE[this.#prefaceAt++]) continue;
      this.#sink.noPreface();
      return chunk.length;
    }
    return at;
  }

  /** Takes the frame that begins here; where the next one does. */
  #frameAt(chunk: Buffer, at: number): number {
    const has = chunk.length - at;
    const needed = has < HEAD_BYTES ? HEAD_BYTES : this.#neededAt(chunk, at);
    if (this.#stopped) return chunk.length;
    if (has < needed) return this.#keep(chunk, at);
    return this.#take(chunk, at, needed);
  }

  /** Bytes from a head on without which nothing can be told: of DATA it is the head alone. */
  #neededAt(bytes: Buffer, at: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    if (length > this.#frameBytesMax) {
      this.#sink.broken(CODE.frameSize);
      return 0;
    }
    if (bytes[at + 3] !== FRAME.data) return HEAD_BYTES + length;
    return (bytes[at + 4]! & FLAG.padded) === 0 || length === 0 ? HEAD_BYTES : HEAD_BYTES + 1;
  }

  #take(bytes: Buffer, at: number, needed: number): number {
    const type = bytes[at + 3]!;
    const flags = bytes[at + 4]!;
    const stream = read31(bytes, at + 5);
    const start = at + HEAD_BYTES;
    if (type === FRAME.data) return this.#beginData(bytes, at, flags, stream);
    this.#sink.frame(type, flags, stream, bytes, start, at + needed);
    return at + needed;
  }

  #beginData(bytes: Buffer, at: number, flags: number, stream: number): number {
    const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
    let start = at + HEAD_BYTES;
    let padding = 0;
    let content = length;
    if ((flags & FLAG.padded) !== 0) {
      padding = length === 0 ? 0 : bytes[start]!;
      content = length - 1 - padding;
      if (content < 0) {
        this.#sink.broken(CODE.protocol);
        return bytes.length;
      }
      start++;
    }
    this.#sink.dataHead(stream, length);
    this.#dataStream = stream;
    this.#dataFlags = flags;
    this.#dataLeft = content;
    this.#paddingLeft = padding;
    return content + padding === 0 || start < bytes.length ? this.#dataPiece(bytes, start) : start;
  }

  #dataPiece(chunk: Buffer, start: number): number {
    if (this.#stopped) return chunk.length;
    const end = Math.min(chunk.length, start + this.#dataLeft);
    this.#dataLeft -= end - start;
    const behind = Math.min(chunk.length, end + this.#paddingLeft);
    this.#paddingLeft -= behind - end;
    const last = this.#dataLeft + this.#paddingLeft === 0;
    this.#sink.data(this.#dataStream, this.#dataFlags, chunk, start, end, last);
    return behind;
  }

  #keep(chunk: Buffer, at: number): number {
    this.#keptBytes = chunk.length - at;
    this.#kept = Buffer.allocUnsafe(Math.max(64, this.#keptBytes));
    chunk.copy(this.#kept, 0, at);
    return chunk.length;
  }

  /** Adds what the kept beginning lacks. */
  #goOn(chunk: Buffer, at: number): number {
    let next = at;
    if (this.#keptBytes < HEAD_BYTES) next = this.#add(chunk, next, HEAD_BYTES);
    if (this.#keptBytes < HEAD_BYTES) return next;
    const needed = this.#neededAt(this.#kept, 0);
    if (this.#stopped) return chunk.length;
    next = this.#add(chunk, next, needed);
    if (this.#keptBytes < needed) return next;
    const whole = this.#kept.subarray(0, needed);
    this.#kept = NONE;
    this.#keptBytes = 0;
    this.#take(whole, 0, needed);
    return next;
  }

  #add(chunk: Buffer, at: number, needed: number): number {
    const end = Math.min(chunk.length, at + needed - this.#keptBytes);
    const bytes = this.#keptBytes + end - at;
    if (bytes > this.#kept.length) {
      const larger = Buffer.allocUnsafe(Math.min(needed, bytes * 2));
      this.#kept.copy(larger, 0, 0, this.#keptBytes);
      this.#kept = larger;
    }
    chunk.copy(this.#kept, this.#keptBytes, at, end);
    this.#keptBytes = bytes;
    return end;
  }
}
