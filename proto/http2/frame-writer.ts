import { FLAG, FRAME, FRAME_BYTES_DEFAULT, HEAD_BYTES, writeHead, writeInt } from "./frames.js";
import { NO_TABLE } from "./hpack-encoder.js";
import type { Output } from "./output.js";
import type { PeerSettings } from "./settings.js";
import type { Answer, Http2Stream } from "./stream.js";

/** Writes the frames of one connection. What a stream writes in a row is one frame, as far as that goes: readers pay for each. */
export class FrameWriter {
  readonly output: Output;
  /** The frame of data that was written last, if nothing was behind it: its stream, its place, its length, and where it ends. */
  #dataStream = 0;
  #dataAt = 0;
  #dataBytes = 0;
  #dataEnd = -1;
  readonly #peer: PeerSettings;

  constructor(output: Output, peer: PeerSettings) {
    this.output = output;
    this.#peer = peer;
  }

  /** A frame that is encoded already. */
  raw(frame: Buffer): void {
    const { output } = this;
    output.reserve(frame.length);
    output.bytes.set(frame, output.at);
    output.at += frame.length;
    this.#dataEnd = -1;
  }

  settingsAck(): void {
    this.#head(0, FRAME.settings, FLAG.ack, 0);
  }

  ping(flags: number, payload: Buffer, start: number): void {
    const at = this.#head(8, FRAME.ping, flags, 0);
    payload.copy(this.output.bytes, at, start, start + 8);
  }

  windowUpdate(stream: number, bytes: number): void {
    const at = this.#head(4, FRAME.windowUpdate, 0, stream);
    writeInt(this.output.bytes, at, bytes);
  }

  reset(stream: number, code: number): void {
    const at = this.#head(4, FRAME.reset, 0, stream);
    writeInt(this.output.bytes, at, code);
  }

  goAway(lastStream: number, code: number): void {
    const at = this.#head(8, FRAME.goAway, 0, 0);
    writeInt(this.output.bytes, writeInt(this.output.bytes, at, lastStream), code);
  }

  /** A header block, in as many frames as it takes. */
  headers(stream: number, encoded: Buffer, endStream: boolean): void {
    const block = this.#peer.tableShrunk ? Buffer.concat([NO_TABLE, encoded]) : encoded;
    this.#peer.tableShrunk = false;
    let type: number = FRAME.headers;
    let from = 0;
    do {
      const length = Math.min(block.length - from, FRAME_BYTES_DEFAULT);
      const last = from + length === block.length ? FLAG.endHeaders : 0;
      const flags = last | (type === FRAME.headers && endStream ? FLAG.endStream : 0);
      const at = this.#head(length, type, flags, stream);
      block.copy(this.output.bytes, at, from, from + length);
      type = FRAME.continuation;
      from += length;
    } while (from < block.length);
  }

  /** `count` bytes of head and body, seen as one, from `from` on. */
  data(stream: number, head: Buffer, body: Buffer, from: number, count: number): void {
    const at = this.#longer(stream, count)
      ? this.output.at - count
      : this.#head(count, FRAME.data, 0, stream);
    copyPair(this.output.bytes, at, head, body, from, count);
    if (this.#dataEnd < 0) {
      this.#dataStream = stream;
      this.#dataAt = at - HEAD_BYTES;
      this.#dataBytes = 0;
    }
    this.#dataBytes += count;
    this.#dataEnd = this.output.at;
  }

  /** Makes the last frame so much longer, if it is of this stream and still there. */
  #longer(stream: number, count: number): boolean {
    const { output } = this;
    const length = this.#dataBytes + count;
    // A buffer that is used anew begins with another frame, so that its place is not that of the old one's end.
    if (this.#dataEnd !== output.at || this.#dataStream !== stream) return false;
    if (length > FRAME_BYTES_DEFAULT || output.left < count) return false;
    writeHead(output.bytes, this.#dataAt, length, FRAME.data, 0, stream);
    output.reserve(count);
    output.at += count;
    return true;
  }

  /** The next `count` bytes of what a stream has queued. */
  queued(stream: Http2Stream, count: number): void {
    const at = this.#head(count, FRAME.data, 0, stream.id);
    stream.queue!.shift(this.output.bytes, at, count);
  }

  /** A whole answer, in one piece; how long it is must have been looked at. */
  answer(stream: number, { headers, head, body, trailers }: Answer): void {
    const { output } = this;
    const length = head.length + body.length;
    output.reserve(3 * HEAD_BYTES + headers.length + length + trailers.length);
    const { bytes } = output;
    let at = writeHead(bytes, output.at, headers.length, FRAME.headers, FLAG.endHeaders, stream);
    bytes.set(headers, at);
    at = writeHead(bytes, at + headers.length, length, FRAME.data, 0, stream);
    bytes.set(head, at);
    bytes.set(body, at + head.length);
    const flags = FLAG.endHeaders | FLAG.endStream;
    at = writeHead(bytes, at + length, trailers.length, FRAME.headers, flags, stream);
    bytes.set(trailers, at);
    output.at = at + trailers.length;
    this.#dataEnd = -1;
  }

  /** Writes a head and makes room for its payload; returns where that goes. */
  #head(length: number, type: number, flags: number, stream: number): number {
    const { output } = this;
    output.reserve(HEAD_BYTES + length);
    const at = writeHead(output.bytes, output.at, length, type, flags, stream);
    output.at = at + length;
    this.#dataEnd = -1;
    return at;
  }
}

function copyPair(into: Buffer, at: number, head: Buffer, body: Buffer, from: number, count: number): void {
  let next = at;
  if (from < head.length) next += head.copy(into, next, from, Math.min(head.length, from + count));
  const bodyFrom = Math.max(0, from - head.length);
  if (next < at + count) body.copy(into, next, bodyFrom, bodyFrom + at + count - next);
}
