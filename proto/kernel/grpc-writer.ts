import type { Writable } from "node:stream";

/** Bytes that may wait in a stream before `write` says false. */
const QUEUED_BYTES_MAX = 1 << 20;

/** What a writer tells. */
export interface WriterEvents {
  /** `write` said false before and may go on now. */
  drain(): void;
  /** Whether the other side takes too little: true after the first false, false again after `drain`. */
  blocked(blocked: boolean): void;
  /** Some bytes went out. */
  progress(): void;
}

/** Counts the bytes that wait in a gRPC stream: the library counts messages, of which sixteen may be 256 MiB. */
export class GrpcWriter {
  readonly #out: Writable;
  readonly #events: WriterEvents;
  #queuedBytes = 0;
  #blocked = false;

  constructor(out: Writable, events: WriterEvents) {
    this.#out = out;
    this.#events = events;
  }

  /** Whether what is written now is encoded into the library's own buffer before `write` returns. */
  get immediate(): boolean {
    return this.#out.writableLength === 0;
  }

  write(bytes: Buffer): boolean {
    this.#queuedBytes += bytes.length;
    this.#out.write(bytes, () => this.#written(bytes.length));
    if (this.#queuedBytes < QUEUED_BYTES_MAX) return true;
    if (!this.#blocked) {
      this.#blocked = true;
      this.#events.blocked(true);
    }
    return false;
  }

  #written(count: number): void {
    this.#queuedBytes -= count;
    this.#events.progress();
    if (!this.#blocked || this.#queuedBytes > QUEUED_BYTES_MAX / 2) return;
    this.#blocked = false;
    this.#events.blocked(false);
    this.#events.drain();
  }
}
