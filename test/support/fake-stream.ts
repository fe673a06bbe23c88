import type { Stream, StreamEvents } from "../../proto/kernel/channel.js";

/** A Stream whose other side is the test: it says what is heard and keeps what was written. */
export class FakeStream<Out, In> implements Stream<Out, In> {
  readonly written: Out[] = [];
  ended = false;
  paused = false;
  failure: Error | null = null;
  /** What `write` answers. */
  accepts = true;
  readonly #kept: (message: Out) => Out;
  #events: StreamEvents<In> | null = null;
  #closed = false;

  /** `kept`: what is kept of a message that was written. */
  constructor(kept: (message: Out) => Out = (message) => message) {
    this.#kept = kept;
  }

  listen(events: StreamEvents<In>): void {
    this.#events = events;
  }

  write(message: Out): boolean {
    if (!this.#closed) this.written.push(this.#kept(message));
    return this.accepts;
  }

  end(): void {
    this.ended = true;
    this.close(null);
  }

  fail(error: Error): void {
    this.failure = error;
    this.close(error);
  }

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
  }

  /** The other side writes. */
  hear(message: In): void {
    if (!this.#closed) this.#events?.message(message);
  }

  /** The other side writes no more. */
  hearEnd(): void {
    if (!this.#closed) this.#events?.end?.();
  }

  /** The other side takes more again. */
  drain(): void {
    this.accepts = true;
    this.#events?.drain?.();
  }

  /** The stream is over. */
  close(error: Error | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#events?.close(error);
  }
}
