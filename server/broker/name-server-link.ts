import type { BrokerInfo } from "../../proto/gen/logwheel/v1/BrokerInfo.js";
import type { RegisterReply__Output } from "../../proto/gen/logwheel/v1/RegisterReply.js";
import type { RegisterRequest } from "../../proto/gen/logwheel/v1/RegisterRequest.js";
import type { Topic } from "../../proto/gen/logwheel/v1/Topic.js";
import { backoffMs } from "../../proto/kernel/backoff.js";
import type { Channel, Connect, Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { NAME_SERVER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";

/** What a link needs. */
export interface LinkOptions {
  readonly address: string;
  readonly connect: Connect;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly heartbeatMs: number;
  /** The whole truth, read at every new registration. */
  readonly state: () => { readonly broker: BrokerInfo; readonly topics: Topic[] };
}

type State =
  /** Waits for the next try. */
  | { readonly at: "waiting"; readonly cancel: () => void }
  /** Has told everything and waits for the first answer. */
  | { readonly at: "told"; readonly stream: Stream<RegisterRequest, RegisterReply__Output> }
  /** Stands in the routes. */
  | { readonly at: "registered"; readonly stream: Stream<RegisterRequest, RegisterReply__Output> }
  | { readonly at: "stopped" };

interface Waiter {
  readonly serial: number;
  readonly done: () => void;
}

/** Heartbeats without an answer after which the stream is taken for dead. */
const SILENT_BEATS = 4;
const RETRY = { baseMs: 100, maxMs: 3_000 };

/**
 * Keeps one broker registered at one name server: tells everything at each new stream, then changes and heartbeats,
 * and tries again for ever when the stream breaks.
 *
 * Invariant: when the stream cannot take a change, the next thing that it takes is everything.
 */
export class NameServerLink {
  readonly #options: LinkOptions;
  readonly #channel: Channel;
  #state: State = { at: "stopped" };
  #serial = 0;
  #ackedSerial = 0;
  #heardMs = 0;
  #behind = false;
  #attempt = 0;
  #lastError = "";
  #waiters: Waiter[] = [];
  #cancelBeat: (() => void) | null = null;
  #tried = false;
  #whenTried: (() => void)[] = [];

  constructor(options: LinkOptions) {
    this.#options = options;
    this.#channel = options.connect(options.address);
  }

  /** Whether the broker stands in this name server's routes, as far as is known. */
  get connected(): boolean {
    return this.#state.at === "registered";
  }

  /** Opens the first stream. */
  start(): void {
    this.#open();
  }

  /** Tells a change. Nothing is lost if it cannot be told now. */
  change(topics: Topic[], deleted: string[]): void {
    this.#write({ topics, deleted });
  }

  /** Resolves when the first try has succeeded or failed. */
  tried(): Promise<void> {
    if (this.#tried) return Promise.resolve();
    return new Promise((resolve) => this.#whenTried.push(resolve));
  }

  /** Resolves when everything told so far is in the routes, or at once while there is no connection. */
  settled(): Promise<void> {
    if (this.#state.at !== "registered" || this.#ackedSerial >= this.#serial) return Promise.resolve();
    return new Promise((done) => this.#waiters.push({ serial: this.#serial, done }));
  }

  /** Takes the broker out of the routes and waits for the answer, `waitMs` at most; then ends for good. */
  async stop(waitMs: number): Promise<void> {
    if (this.connected) {
      this.#write({ stopping: true });
      const bound = new AbortController();
      await Promise.race([this.settled(), this.#options.clock.sleep(waitMs, bound.signal)]);
      bound.abort();
    }
    const state = this.#state;
    this.#leave({ at: "stopped" });
    if (state.at === "told" || state.at === "registered") state.stream.end();
    this.#channel.close();
  }

  #open(): void {
    try {
      this.#register();
    } catch (thrown) {
      this.#retry(LogwheelError.from(thrown));
    }
  }

  #register(): void {
    const stream = this.#channel.open(NAME_SERVER.register);
    this.#serial = 0;
    this.#ackedSerial = 0;
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#state = { at: "told", stream };
    stream.listen({
      message: ({ serial }) => this.#onReply(stream, serial),
      drain: () => this.#onDrain(),
      end: () => stream.end(),
      close: (error) => this.#onClose(stream, error),
    });
    this.#tellAll();
    this.#beatLater();
  }

  #tellAll(): void {
    this.#behind = false;
    this.#write({ ...this.#options.state(), full: true });
  }

  #write(request: RegisterRequest): void {
    if (this.#state.at !== "told" && this.#state.at !== "registered") return;
    if (this.#behind) return;
    this.#behind = !this.#state.stream.write({ ...request, serial: ++this.#serial });
  }

  #onDrain(): void {
    if (this.#behind) this.#tellAll();
  }

  #onReply(stream: Stream<RegisterRequest, RegisterReply__Output>, serial: number): void {
    if (this.#state.at === "told") {
      this.#state = { at: "registered", stream };
      this.#attempt = 0;
      this.#lastError = "";
      this.#options.logger.info({ nameServer: this.#options.address }, "registered with the name server");
      this.#markTried();
    }
    this.#heardMs = this.#options.clock.monotonicMs();
    this.#ackedSerial = serial;
    this.#release((waiter) => waiter.serial <= serial);
  }

  #onClose(stream: Stream<RegisterRequest, RegisterReply__Output>, error: Error | null): void {
    const state = this.#state;
    if (state.at === "stopped" || state.at === "waiting" || state.stream !== stream) return;
    this.#retry(error ?? new LogwheelError("CONNECTION_LOST", "the name server ended the registration"));
  }

  #retry(error: Error): void {
    this.#complain(error);
    const { clock, random } = this.#options;
    const waitMs = backoffMs(++this.#attempt, RETRY, random);
    this.#leave({ at: "waiting", cancel: clock.after(waitMs, () => this.#open()) });
    this.#markTried();
  }

  /** Says each new reason once, not at every try. */
  #complain(error: Error): void {
    if (error.message === this.#lastError) return;
    this.#lastError = error.message;
    const { logger, address } = this.#options;
    logger.warn({ nameServer: address }, `not registered with the name server, trying on: ${error.message}`);
  }

  #beatLater(): void {
    this.#cancelBeat = this.#options.clock.after(this.#options.heartbeatMs, () => this.#beat());
  }

  #beat(): void {
    const { clock, heartbeatMs } = this.#options;
    const state = this.#state;
    if (state.at !== "told" && state.at !== "registered") return;
    if (clock.monotonicMs() - this.#heardMs > SILENT_BEATS * heartbeatMs)
      return state.stream.fail(new LogwheelError("TIMEOUT", "the name server does not answer"));
    this.#write({});
    this.#beatLater();
  }

  #leave(next: State): void {
    if (this.#state.at === "waiting") this.#state.cancel();
    this.#cancelBeat?.();
    this.#cancelBeat = null;
    this.#state = next;
    this.#release(() => true);
  }

  #release(ready: (waiter: Waiter) => boolean): void {
    const done = this.#waiters.filter(ready);
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const waiter of done) waiter.done();
  }

  #markTried(): void {
    this.#tried = true;
    for (const done of this.#whenTried.splice(0)) done();
  }
}
