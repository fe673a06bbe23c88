import type { LeasedMessage } from "./leased-message.js";
import type { Lease, Message } from "./types.js";

/** Where a loop gets its messages. */
export interface LoopSource<T> {
  /** Up to `max` messages, at least one; null at the end. */
  receive(max: number): Promise<readonly LeasedMessage<T>[] | null>;
  /** The loop has ended. */
  ended(): void;
}

/** `for await` over leased messages, holding back while too many of them are not settled. */
export class MessageLoop<T> implements AsyncIterableIterator<Message<T> & Lease>, AsyncDisposable {
  readonly #inFlightMax: number;
  readonly #source: LoopSource<T>;
  #waiting: LeasedMessage<T>[] = [];
  #inFlight = 0;
  #wake: () => void = () => {};
  #ended = false;

  constructor(inFlightMax: number, source: LoopSource<T>) {
    this.#inFlightMax = inFlightMax;
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message<T> & Lease>> {
    while (this.#waiting.length === 0 && !this.#ended) {
      const room = this.#inFlightMax - this.#inFlight;
      if (room <= 0) await this.#settlement();
      else await this.#fetch(room);
    }
    const value = this.#waiting.shift();
    return value === undefined ? { value: undefined, done: true } : { value, done: false };
  }

  /** What was fetched and not handed out goes back. */
  async return(): Promise<IteratorResult<Message<T> & Lease>> {
    this.#ended = true;
    this.#wake();
    this.#source.ended();
    for (const message of this.#waiting.splice(0)) message.giveBack().catch(() => {});
    return { value: undefined, done: true };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #fetch(room: number): Promise<void> {
    const received = await this.#source.receive(room);
    if (received === null) return void (await this.return());
    this.#inFlight += received.length;
    this.#waiting.push(...received);
    for (const message of received)
      message.whenOver(() => {
        this.#inFlight--;
        this.#wake();
      });
    if (this.#ended) await this.return();
  }

  #settlement(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
