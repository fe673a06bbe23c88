import type { Writable } from "node:stream";
import { FRAME_HEAD_BYTES, FramePool, writeFrameHead } from "./grpc-frames.js";

/** Bytes that may wait in a stream before `write` says false. */
const QUEUED_BYTES_MAX = 1 << 20;

/** What a message takes beside its bytes while it waits: without it, the smallest would take the most. */
export const MESSAGE_COST = 256;

/** The same while all streams together have more than their share waiting. */
const QUEUED_BYTES_SCARCE = 64 << 10;

/** What may wait in all streams of a server before each gets less. */
const TOTAL_BYTES_MAX = 64 << 20;

/** What waits in all streams together. Made once for a server or channel. */
export class WriteBudget {
  queuedBytes = 0;
  readonly pool = new FramePool();

  /** Bytes that one stream may have waiting now. */
  get streamBytesMax(): number {
    return this.queuedBytes > TOTAL_BYTES_MAX ? QUEUED_BYTES_SCARCE : QUEUED_BYTES_MAX;
  }
}

/** What a writer tells. */
export interface WriterEvents {
  /** `write` said false before and may go on now. */
  drain(): void;
  /** Whether the other side takes too little: true after the first false, false again before `drain`. */
  blocked(blocked: boolean): void;
  /** Some bytes went out. */
  progress(): void;
}

/** Hands messages of a client to the library, or past it to the HTTP/2 stream below, and counts the bytes that wait there. */
export class GrpcWriter {
  readonly #budget: WriteBudget;
  readonly #events: WriterEvents;
  /** Takes messages, and counts those instead of bytes: sixteen may be 256 MiB. */
  readonly #library: Writable;
  /** Takes whole frames. */
  #http2: Writable | null = null;
  #queuedBytes = 0;
  #blocked = false;
  #closed = false;

  constructor(library: Writable, budget: WriteBudget, events: WriterEvents) {
    this.#library = library;
    this.#budget = budget;
    this.#events = events;
  }

  /** Goes past the library from now on; false while something still waits there that has to go first. */
  goPast(http2: Writable): boolean {
    if (this.#queuedBytes > 0) return false;
    this.#http2 = http2;
    return true;
  }

  /** False: enough waits, `drain` tells when there is room. The bytes must stay as they are only behind the library. */
  write(bytes: Buffer): boolean {
    const count = bytes.length + MESSAGE_COST;
    this.#queuedBytes += count;
    this.#budget.queuedBytes += count;
    if (this.#http2 === null) this.#library.write(bytes, () => this.#written(count));
    else this.#writeFrame(this.#http2, bytes, count);
    if (this.#queuedBytes < this.#budget.streamBytesMax) return true;
    if (!this.#blocked) {
      this.#blocked = true;
      this.#events.blocked(true);
    }
    return false;
  }

  /** A failed stream may still have its buffers: only what went out is used again. */
  #writeFrame(http2: Writable, bytes: Buffer, count: number): void {
    const { pool } = this.#budget;
    const frame = pool.take(FRAME_HEAD_BYTES + bytes.length);
    writeFrameHead(frame, bytes.length);
    frame.set(bytes, FRAME_HEAD_BYTES);
    http2.write(frame, (error) => {
      if (!error) pool.give(frame);
      this.#written(count);
    });
  }

  /** The stream is over: what still waits is counted no more and nothing is told. */
  close(): void {
    this.#closed = true;
    this.#budget.queuedBytes -= this.#queuedBytes;
    this.#queuedBytes = 0;
  }

  #written(count: number): void {
    if (this.#closed) return;
    this.#queuedBytes -= count;
    this.#budget.queuedBytes -= count;
    this.#events.progress();
    if (!this.#blocked || this.#queuedBytes > this.#budget.streamBytesMax / 2) return;
    this.#blocked = false;
    this.#events.blocked(false);
    this.#events.drain();
  }
}
