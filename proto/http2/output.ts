/** What a connection is written to: a socket, plain or of TLS. */
export interface OutputSocket {
  write(bytes: Buffer, written: () => void): boolean;
}

/** Who is told how writing goes. */
export interface OutputEvents {
  /** The socket has taken something. */
  room(): void;
  /** The socket takes nothing, and too much has gathered. */
  overflow(): void;
}

const NONE = Buffer.alloc(0);
const CHUNK_BYTES = 64 << 10;
const KEPT_MAX = 64;

/** Bytes that wait for the socket at most before streams have to wait. */
const FULL_BYTES = 256 << 10;
/** The same before the peer is given up: answers to what it asks, of which it reads nothing. */
const OVERFLOW_BYTES = 1 << 20;

/** Buffers that are written from and used again: made once for a server. */
export class ChunkPool {
  readonly #free: Buffer[] = [];

  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
  }

  /** Gives one back that nobody reads any more. */
  give(chunk: Buffer): void {
    if (chunk.length === CHUNK_BYTES && this.#free.length < KEPT_MAX) this.#free.push(chunk);
  }
}

/**
 * Gathers what is to be written within a turn of the event loop, and writes it at its end, at once. While the socket has not
 * taken that, what comes is gathered on.
 */
export class Output {
  /** What is gathered, up to `at`. */
  bytes: Buffer = NONE;
  at = 0;
  readonly #socket: OutputSocket;
  readonly #pool: ChunkPool;
  readonly #events: OutputEvents;
  /** Handed to the socket, in order, and how many bytes of each. */
  readonly #inFlight: Buffer[] = [];
  readonly #sizes: number[] = [];
  #inFlightBytes = 0;
  #scheduled = false;
  #closed = false;
  readonly #flushLater = (): void => {
    this.#scheduled = false;
    this.flush();
  };
  readonly #written = (): void => this.#onWritten();

  constructor(socket: OutputSocket, pool: ChunkPool, events: OutputEvents) {
    this.#socket = socket;
    this.#pool = pool;
    this.#events = events;
  }

  /** Whether what can wait should wait. */
  get full(): boolean {
    return this.#inFlightBytes + this.at >= FULL_BYTES;
  }

  /** Bytes of memory that wait for the socket. */
  get heldBytes(): number {
    return this.#inFlight.length * CHUNK_BYTES;
  }

  /** Bytes that fit behind what is gathered, without a new buffer. */
  get left(): number {
    return this.bytes.length - this.at;
  }

  /** Makes room for so many bytes, at most 64 KiB, in `bytes` from `at` on; the caller moves `at`. */
  reserve(count: number): void {
    if (this.bytes.length - this.at < count) this.#next();
    if (!this.#scheduled) {
      this.#scheduled = true;
      setImmediate(this.#flushLater);
    }
  }

  /** Hands what is gathered to the socket, unless that is busy. */
  flush(): void {
    if (this.#inFlight.length === 0) this.#send();
  }

  /** Hands it over in any case. */
  finish(): void {
    this.#send();
  }

  /** What is gathered from now on is thrown away. */
  close(): void {
    this.#closed = true;
  }

  #next(): void {
    this.#send();
    this.bytes = this.#pool.take();
    if (this.#inFlightBytes <= OVERFLOW_BYTES || this.#closed) return;
    // Not now: somebody is about to write.
    queueMicrotask(() => this.#events.overflow());
  }

  #send(): void {
    const { bytes, at } = this;
    if (at === 0) return;
    this.bytes = NONE;
    this.at = 0;
    if (this.#closed) return this.#pool.give(bytes);
    this.#inFlight.push(bytes);
    this.#sizes.push(at);
    this.#inFlightBytes += at;
    this.#socket.write(bytes.subarray(0, at), this.#written);
  }

  #onWritten(): void {
    const chunk = this.#inFlight.shift();
    if (chunk === undefined || this.#closed) return;
    this.#inFlightBytes -= this.#sizes.shift()!;
    this.#pool.give(chunk);
    if (!this.#scheduled) this.flush();
    this.#events.room();
  }
}
