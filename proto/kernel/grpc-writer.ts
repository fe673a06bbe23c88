import type { Writable } from "node:stream";

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

/** Counts the bytes that wait in a gRPC stream: the library counts messages, of which sixteen may be 256 MiB. */
export class GrpcWriter {
  readonly #out: Writable;
  readonly #budget: WriteBudget;
  readonly #events: WriterEvents;
  #queuedBytes = 0;
  #blocked = false;
  #closed = false;

  constructor(out: Writable, budget: WriteBudget, events: WriterEvents) {
    this.#out = out;
    this.#budget = budget;
    this.#events = events;
  }

  /** Calls `done` with the bytes when nobody reads them any more, unless the stream fails before. */
  write(bytes: Buffer, done?: (bytes: Buffer) => void): boolean {
    const count = bytes.length + MESSAGE_COST;
    this.#queuedBytes += count;
    this.#budget.queuedBytes += count;
    this.#out.write(bytes, (error) => {
      if (!error) done?.(bytes);
      this.#written(count);
    });
    if (this.#queuedBytes < this.#budget.streamBytesMax) return true;
    if (!this.#blocked) {
      this.#blocked = true;
      this.#events.blocked(true);
    }
    return false;
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
