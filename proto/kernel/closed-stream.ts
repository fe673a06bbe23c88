import type { Stream, StreamEvents } from "./channel.js";

/** A stream that was over before it began: tells why to whoever listens. */
export class ClosedStream<Out, In> implements Stream<Out, In> {
  readonly #error: Error;

  constructor(error: Error) {
    this.#error = error;
  }

  listen(events: StreamEvents<In>): void {
    queueMicrotask(() => events.close(this.#error));
  }

  write(_message: Out): boolean {
    return false;
  }

  end(): void {}

  fail(_error: Error): void {}

  pause(): void {}

  resume(): void {}
}
