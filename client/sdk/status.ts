import type { Status } from "./types.js";

/** Events that a slow reader of `status()` may be behind; older ones are dropped first. */
export const STATUS_BEHIND_MAX = 1_000;

/** Hands every event to all who listen; costs nothing while nobody does. */
export class StatusFeed {
  readonly #readers = new Set<StatusReader>();
  #closed = false;

  /** Tells all readers. */
  emit(status: Status): void {
    for (const reader of this.#readers) reader.push(status);
  }

  /** Events from now on; ends when the feed is closed or the loop is left. */
  read(): AsyncIterableIterator<Status> {
    const reader = new StatusReader(() => this.#readers.delete(reader));
    if (this.#closed) reader.end();
    else this.#readers.add(reader);
    return reader;
  }

  close(): void {
    this.#closed = true;
    for (const reader of [...this.#readers]) reader.end();
  }
}

class StatusReader implements AsyncIterableIterator<Status> {
  readonly #leave: () => void;
  #buffer: Status[] = [];
  #waiting: ((result: IteratorResult<Status>) => void)[] = [];
  #ended = false;

  constructor(leave: () => void) {
    this.#leave = leave;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  push(status: Status): void {
    const resolve = this.#waiting.shift();
    if (resolve !== undefined) return resolve({ value: status, done: false });
    if (this.#buffer.length === STATUS_BEHIND_MAX) this.#buffer.shift();
    this.#buffer.push(status);
  }

  end(): void {
    this.#ended = true;
    this.#leave();
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true });
  }

  next(): Promise<IteratorResult<Status>> {
    const status = this.#buffer.shift();
    if (status !== undefined) return Promise.resolve({ value: status, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  return(): Promise<IteratorResult<Status>> {
    this.#buffer = [];
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }
}
