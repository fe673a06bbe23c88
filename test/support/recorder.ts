import type { Stream, StreamEvents } from "../../proto/kernel/channel.js";

/** Listens to a stream and remembers what happened, in words, in order. */
export class Recorder<In> {
  readonly happened: string[] = [];
  readonly messages: In[] = [];
  closed = false;
  error: Error | null = null;
  readonly #waiting: { readonly done: () => boolean; readonly resolve: () => void }[] = [];

  constructor(stream: Pick<Stream<never, In>, "listen">, events: Partial<StreamEvents<In>> = {}) {
    stream.listen({
      message: (message) => {
        this.messages.push(message);
        this.#note(`message ${String(message)}`);
        events.message?.(message);
      },
      end: () => {
        this.#note("end");
        events.end?.();
      },
      drain: () => {
        this.#note("drain");
        events.drain?.();
      },
      close: (error) => {
        this.closed = true;
        this.error = error;
        this.#note("close");
        events.close?.(error);
      },
    });
  }

  /** Resolves as soon as `done` holds, looked at after everything that happens. */
  until(done: () => boolean): Promise<void> {
    if (done()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ done, resolve }));
  }

  /** Resolves when the stream is over. */
  over(): Promise<void> {
    return this.until(() => this.closed);
  }

  #note(what: string): void {
    this.happened.push(what);
    for (const waiting of [...this.#waiting])
      if (waiting.done()) {
        this.#waiting.splice(this.#waiting.indexOf(waiting), 1);
        waiting.resolve();
      }
  }
}
