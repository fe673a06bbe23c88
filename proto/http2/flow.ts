import type { FrameWriter } from "./frame-writer.js";
import { FRAME_BYTES_DEFAULT, HEAD_BYTES, MOST_31 } from "./frames.js";
import { type PeerSettings, WINDOW_BYTES_DEFAULT } from "./settings.js";
import type { Answer, Http2Stream } from "./stream.js";

/** An answer that is longer goes out in parts. */
const WHOLE_BYTES_MAX = 60 << 10;

/** Room in a buffer that is too small for a frame of more. */
const FRAME_ROOM_MIN = 1 << 10;

/** Sends data as far as the windows and the socket allow, in turn where several streams have some. */
export class SendFlow {
  readonly #writer: FrameWriter;
  readonly #peer: PeerSettings;
  /** Streams with something queued and a window that is open. */
  readonly #waiting = new Set<Http2Stream>();
  #window = WINDOW_BYTES_DEFAULT;

  constructor(writer: FrameWriter, peer: PeerSettings) {
    this.#writer = writer;
    this.#peer = peer;
  }

  /** Opens the connection's window; false when that is more than there is. */
  open(bytes: number): boolean {
    this.#window += bytes;
    return this.#window <= MOST_31;
  }

  /** The same for one stream, which may be by less than nothing. */
  openStream(stream: Http2Stream, bytes: number): boolean {
    stream.sendWindow += bytes;
    if (stream.sendWindow <= 0) this.#waiting.delete(stream);
    else if (stream.queuedBytes > 0) this.#waiting.add(stream);
    return stream.sendWindow <= MOST_31;
  }

  /** Sends what it can of head and body, seen as one, and says how much that was. */
  send(stream: Http2Stream, head: Buffer, body: Buffer): number {
    const total = head.length + body.length;
    let sent = 0;
    while (sent < total && this.#waiting.size === 0) {
      const count = this.#frame(stream, total - sent);
      if (count === 0) break;
      this.#writer.data(stream.id, head, body, sent, count);
      sent += count;
    }
    return sent;
  }

  /** A whole answer at once; false, and nothing is written, when that does not go. */
  answer(stream: Http2Stream, answer: Answer): boolean {
    const length = answer.head.length + answer.body.length;
    const { output } = this.#writer;
    if (length > FRAME_BYTES_DEFAULT || length > stream.sendWindow || length > this.#window) return false;
    if (this.#waiting.size > 0 || output.full || this.#peer.tableShrunk) return false;
    if (length + answer.headers.length + answer.trailers.length > WHOLE_BYTES_MAX) return false;
    this.#window -= length;
    stream.sendWindow -= length;
    this.#writer.answer(stream.id, answer);
    return true;
  }

  /** A stream has something queued. */
  queued(stream: Http2Stream): void {
    if (stream.sendWindow > 0) this.#waiting.add(stream);
  }

  forget(stream: Http2Stream): void {
    this.#waiting.delete(stream);
  }

  /** Sends of what is queued, a frame of each stream in turn; `sent` is told of each. */
  pump(sent: (stream: Http2Stream, bytes: number) => void): void {
    for (const stream of this.#waiting) {
      const count = this.#frame(stream, stream.queuedBytes);
      if (count === 0) return;
      this.#writer.queued(stream, count);
      this.#waiting.delete(stream);
      // A set goes on to what is added while it is gone through.
      if (stream.queuedBytes > 0 && stream.sendWindow > 0) this.#waiting.add(stream);
      sent(stream, count);
    }
  }

  /** Bytes that the next frame of a stream may have, of so many; they are taken from the windows. */
  #frame(stream: Http2Stream, wanted: number): number {
    const { output } = this.#writer;
    if (output.full) return 0;
    const room = output.left - HEAD_BYTES;
    const most = room < FRAME_ROOM_MIN ? this.#peer.frameBytesMax : Math.min(room, this.#peer.frameBytesMax);
    const count = Math.min(wanted, most, FRAME_BYTES_MAX, stream.sendWindow, this.#window);
    if (count <= 0) return 0;
    stream.sendWindow -= count;
    this.#window -= count;
    return count;
  }
}

/** Streams take turns by frames: larger ones would make the others wait. */
const FRAME_BYTES_MAX = 32 << 10;
