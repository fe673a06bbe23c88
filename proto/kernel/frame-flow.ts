import { LogwheelError } from "./errors.js";
import { FrameReader } from "./grpc-frames.js";

/** Who is told what comes over a stream. */
export interface FlowEvents {
  message(message: Buffer): void;
  /** Bytes that are no message; nothing more is handed on. */
  failed(thrown: unknown): void;
  /** All that had come while it was paused is handed on, and the other side's end, if it has ended. */
  caughtUp(ended: boolean): void;
}

/** Where the bytes come from, as far as it can be slowed down. */
export interface FlowSource {
  pause(): unknown;
  resume(): unknown;
}

/** Hands on the messages that come over an HTTP/2 stream, as long as they are wanted: also between two of one chunk. */
export class FrameFlow {
  readonly #source: FlowSource;
  readonly #reader: FrameReader;
  readonly #events: FlowEvents;
  #paused = false;
  #delivering = false;
  #ended = false;
  #stopped = false;

  /** Messages above `bytesMax` fail. It begins paused. */
  constructor(source: FlowSource, bytesMax: number, events: FlowEvents) {
    this.#source = source;
    this.#reader = new FrameReader(bytesMax);
    this.#events = events;
    source.pause();
  }

  /** Whether something has come that waits until the flow goes on. */
  get held(): boolean {
    return this.#paused && this.#reader.unread;
  }

  /** Bytes that have come and are of no message that was handed on. */
  get heldBytes(): number {
    return this.#stopped ? 0 : this.#reader.heldBytes;
  }

  /** Takes what has come. */
  push(chunk: Buffer): void {
    if (this.#stopped) return;
    this.#reader.push(chunk);
    this.#deliver();
  }

  /** The other side writes no more. */
  end(): void {
    this.#ended = true;
    this.#deliver();
  }

  pause(): void {
    this.#paused = true;
    if (!this.#stopped) this.#source.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#deliver();
    if (!this.#paused) this.#source.resume();
  }

  /** Hands on nothing more; what still comes is thrown away. */
  stop(): void {
    this.#stopped = true;
    this.#source.resume();
  }

  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      this.#deliverAll();
    } finally {
      this.#delivering = false;
    }
    this.#reader.keep();
  }

  #deliverAll(): void {
    while (!this.#stopped && !this.#paused) {
      let message: Buffer | null;
      try {
        message = this.#reader.next();
      } catch (thrown) {
        this.#stopped = true;
        return this.#events.failed(thrown);
      }
      if (message === null) return this.#caughtUp();
      this.#events.message(message);
    }
  }

  #caughtUp(): void {
    if (!this.#ended || !this.#reader.midway) return this.#events.caughtUp(this.#ended);
    this.#stopped = true;
    this.#events.failed(new LogwheelError("BAD_REQUEST", "the stream ends in the middle of a message"));
  }
}
