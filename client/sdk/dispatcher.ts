import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { StoredRecord } from "../../proto/kernel/record.js";
import { decodeBody, isPromise } from "./decoding.js";
import { Delivery } from "./delivery.js";
import { traces } from "./diagnostics.js";
import { Fifo } from "./fifo.js";
import { Reject } from "./handler-errors.js";
import { ReceivedMessage } from "./message.js";
import { type OutcomeOptions, Outcomes } from "./outcomes.js";
import type { Parcel, QueueFlow } from "./queue-flow.js";
import type { Topic } from "./topic.js";
import type { Handler } from "./types.js";

/** How handlers are called. */
export interface DispatchOptions<T> extends OutcomeOptions<T> {
  readonly group: string;
  readonly topics: ReadonlyMap<string, Topic<T>>;
  readonly concurrency: number;
  /** What becomes of bodies that cannot be decoded. */
  readonly undecodable: "retry" | "dead-letter" | "skip";
}

/** Hands what has arrived to handlers, until it is told to stop. */
export interface Dispatch {
  /** Messages in handlers that took a promise's time. */
  readonly active: number;
  readonly retried: number;
  /** Takes what has arrived. */
  add(parcel: Parcel): void;
  pause(): void;
  resume(): void;
  /** Resolves when no handler runs. */
  idle(): Promise<void>;
  /** Tells every handler that its result no longer counts. */
  abort(error: LogwheelError): void;
}

/** Handled messages in a row, settled in one go. */
class Run {
  start = 0;
  end = 0;
  messages = 0;
  bytes = 0;
}

/**
 * Calls the handler for each message that waits, as many at a time as allowed. A handler that returns nothing is done when
 * it returns: no promise is made for it, and what it handled in a row is settled as one range.
 */
export class Dispatcher<T> implements Dispatch {
  readonly #options: DispatchOptions<T>;
  readonly #handler: Handler<T>;
  readonly #outcomes: Outcomes<T>;
  readonly #ready = new Fifo<Parcel>();
  readonly #run = new Run();
  #idle: (() => void)[] = [];
  #paused = false;
  #running = false;

  constructor(options: DispatchOptions<T>, handler: Handler<T>) {
    this.#options = options;
    this.#handler = handler;
    this.#outcomes = new Outcomes(options);
  }

  get active(): number {
    return this.#outcomes.active.size;
  }

  get retried(): number {
    return this.#outcomes.retried;
  }

  add(parcel: Parcel): void {
    const { flow } = parcel;
    if (this.#options.mode === "ordered" && (flow.busy || flow.parcels.size > 1)) return;
    this.#ready.push(parcel);
    this.#go();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#go();
  }

  idle(): Promise<void> {
    if (this.active === 0 && !this.#running) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  abort(error: LogwheelError): void {
    this.#outcomes.abort(error);
  }

  /** A handler may call anything, also what leads back here: the loop that runs already goes on. */
  #go(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let parcel = this.#next(); parcel !== undefined; parcel = this.#next()) this.#work(parcel);
    } finally {
      this.#running = false;
    }
    if (this.active === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  #next(): Parcel | undefined {
    while (!this.#full) {
      const parcel = this.#ready.peek();
      if (parcel === undefined || (parcel.left > 0 && !parcel.flow.busy)) return parcel;
      this.#ready.shift();
      if (parcel.left === 0) this.#finish(parcel);
    }
    return undefined;
  }

  get #full(): boolean {
    return this.#paused || this.active >= this.#options.concurrency;
  }

  /** In ordered mode a queue's next parcel takes the place of the used one; elsewhere it stands in line already. */
  #finish(parcel: Parcel): void {
    const { flow } = parcel;
    if (flow.parcels.delete(parcel) && this.#options.mode === "ordered" && !flow.busy) this.#goOn(flow);
  }

  #goOn(flow: QueueFlow): void {
    for (const parcel of flow.parcels) return this.#ready.push(parcel);
  }

  #work(parcel: Parcel): void {
    const { flow, records } = parcel;
    const topic = this.#options.topics.get(flow.topic)!;
    const run = this.#run;
    run.messages = run.bytes = 0;
    while (parcel.left > 0 && !this.#full && !flow.busy) {
      const record = records[parcel.at++]!;
      const offset = record.queueOffset;
      if (flow.state !== "assigned" || flow.isStale(offset) || flow.lost.delete(offset)) {
        flow.settler.release(1, record.end - record.start);
        continue;
      }
      if (run.messages > 0 && run.end !== offset) this.#settle(flow, run);
      this.#handle(parcel, record, topic, run);
    }
    this.#settle(flow, run);
  }

  #handle(parcel: Parcel, record: StoredRecord, topic: Topic<T>, run: Run): void {
    const { flow } = parcel;
    const offset = record.queueOffset;
    const message = new ReceivedMessage(flow.broker, topic, record, parcel.frameBytes);
    const delivery = new Delivery(message, flow, offset, parcel.leasedMs);
    let outcome: void | Promise<void>;
    try {
      outcome = this.#call(topic, delivery);
    } catch (thrown) {
      this.#settle(flow, run);
      return this.#outcomes.fail(delivery, thrown);
    }
    if (isPromise(outcome)) return this.#await(delivery, outcome);
    if (run.messages === 0) run.start = offset;
    run.end = offset + 1;
    run.messages++;
    run.bytes += delivery.bytes;
  }

  #settle(flow: QueueFlow, run: Run): void {
    if (run.messages === 0) return;
    const { start, end, messages, bytes } = run;
    run.messages = run.bytes = 0;
    flow.settler.succeed(flow, start, end, { messages, bytes });
  }

  #call(topic: Topic<T>, delivery: Delivery<T>): void | Promise<void> {
    const { message } = delivery;
    let decoding: void | Promise<void>;
    try {
      decoding = decodeBody(topic, message);
    } catch (thrown) {
      return this.#undecodable(thrown, message);
    }
    if (!isPromise(decoding)) return this.#trace(delivery);
    return decoding.then(
      () => this.#trace(delivery),
      (thrown: unknown) => this.#undecodable(thrown, message),
    );
  }

  #trace(delivery: Delivery<T>): void | Promise<void> {
    const { message } = delivery;
    const handler = this.#handler;
    if (!traces.process.hasSubscribers) return handler(message, delivery);
    const context = { group: this.#options.group, topic: message.topic, messages: [message] };
    return traces.process.tracePromise(async () => handler(message, delivery), context);
  }

  /** Such a message is passed over, or fails like one whose handler threw. */
  #undecodable(thrown: unknown, message: ReceivedMessage<T>): void {
    const { undecodable, failed } = this.#options;
    if (undecodable === "retry") throw thrown;
    failed(thrown, message);
    if (undecodable === "dead-letter") throw new Reject("the body cannot be decoded", { cause: thrown });
  }

  #await(delivery: Delivery<T>, outcome: Promise<void>): void {
    const outcomes = this.#outcomes;
    if (this.#options.mode === "ordered") delivery.flow.busy = true;
    outcomes.begin(delivery);
    outcome.then(
      () => this.#done(delivery, () => outcomes.succeed(delivery)),
      (thrown: unknown) => this.#done(delivery, () => outcomes.fail(delivery, thrown)),
    );
  }

  #done(delivery: Delivery<T>, settle: () => void): void {
    const { flow } = delivery;
    this.#outcomes.end(delivery);
    flow.busy = false;
    settle();
    if (this.#options.mode === "ordered") this.#goOn(flow);
    this.#go();
  }
}
