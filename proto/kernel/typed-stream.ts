import type { Stream, StreamEvents } from "./channel.js";
import type { LogwheelError } from "./errors.js";

/** How a stream of bytes becomes one of messages. */
export interface StreamTyping<Out, In> {
  encode(message: Out): Buffer;
  decode(bytes: Buffer): In;
  /** What a codec or a listener threw, as the error that ends the stream. */
  known(thrown: unknown): LogwheelError;
}

/**
 * A stream of messages over a stream of bytes, the same for every transport and either side.
 *
 * Nothing that a codec or listener throws gets out: it ends the stream as its error.
 */
export class TypedStream<Out, In> implements Stream<Out, In> {
  readonly #bytes: Stream<Buffer, Buffer>;
  readonly #typing: StreamTyping<Out, In>;

  constructor(bytes: Stream<Buffer, Buffer>, typing: StreamTyping<Out, In>) {
    this.#bytes = bytes;
    this.#typing = typing;
  }

  listen(events: StreamEvents<In>): void {
    this.#bytes.listen({
      message: (bytes) => this.#guard(() => events.message(this.#typing.decode(bytes))),
      end: () => this.#guard(() => events.end?.()),
      drain: () => this.#guard(() => events.drain?.()),
      close: (error) => this.#guard(() => events.close(error)),
    });
  }

  write(message: Out): boolean {
    let bytes: Buffer;
    try {
      bytes = this.#typing.encode(message);
    } catch (thrown) {
      this.#bytes.fail(this.#typing.known(thrown));
      return false;
    }
    return this.#bytes.write(bytes);
  }

  end(): void {
    this.#bytes.end();
  }

  fail(error: Error): void {
    this.#bytes.fail(error);
  }

  pause(): void {
    this.#bytes.pause();
  }

  resume(): void {
    this.#bytes.resume();
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#bytes.fail(this.#typing.known(thrown));
    }
  }
}
