import type { StoredRecord } from "../../proto/kernel/record.js";
import { isPromise } from "./decoding.js";
import { Delivery } from "./delivery.js";
import { DispatchLoop } from "./dispatch-loop.js";
import { Fifo } from "./fifo.js";
import { type CallOptions, HandlerCall } from "./handler-call.js";
import { ReceivedMessage } from "./message.js";
import { type OutcomeOptions, Outcomes } from "./outcomes.js";
import type { Parcel } from "./queue-flow.js";
import { SettledRun } from "./settled-run.js";
import type { Topic } from "./topic.js";
import type { Handler } from "./types.js";

/** How handlers are called. */
export interface DispatchOptions<T> extends OutcomeOptions<T>, CallOptions<T> {
  readonly concurrency: number;
}

/** Hands what has arrived to handlers. */
export interface Dispatch<T> {
  readonly loop: DispatchLoop;
  readonly outcomes: Outcomes<T>;
  /** Takes what has arrived. */
  add(parcel: Parcel): void;
}

/**
 * Calls the handler for each message that waits, as many at a time as allowed. A handler that returns nothing is done when
 * it returns: no promise is made for it, and what it handled in a row is settled as one range.
 */
export class Dispatcher<T> implements Dispatch<T> {
  readonly loop: DispatchLoop;
  readonly outcomes: Outcomes<T>;
  readonly #options: DispatchOptions<T>;
  readonly #handler: HandlerCall<T>;
  readonly #ready = new Fifo<Parcel>();
  readonly #run = new SettledRun();

  constructor(options: DispatchOptions<T>, handler: Handler<T>) {
    this.outcomes = new Outcomes(options);
    this.#options = options;
    this.#handler = new HandlerCall(options, handler);
    this.loop = new DispatchLoop({
      concurrency: options.concurrency,
      busy: () => this.outcomes.active.size,
      work: () => {
        for (let parcel = this.#next(); parcel !== undefined; parcel = this.#next()) this.#work(parcel);
      },
    });
  }

  add(parcel: Parcel): void {
    this.#ready.push(parcel);
    this.loop.go();
  }

  #next(): Parcel | undefined {
    while (!this.loop.full) {
      const parcel = this.#ready.peek();
      if (parcel === undefined || parcel.left > 0) return parcel;
      this.#ready.shift();
      parcel.flow.parcels.delete(parcel);
    }
    return undefined;
  }

  #work(parcel: Parcel): void {
    const { flow, records } = parcel;
    const topic = this.#options.topics.get(flow.topic)!;
    while (parcel.left > 0 && !this.loop.full) {
      const record = records[parcel.at++]!;
      const offset = record.queueOffset;
      if (flow.state !== "assigned" || flow.isStale(offset)) {
        flow.settler.release(1, record.end - record.start);
        continue;
      }
      this.#handle(parcel, record, topic);
    }
    this.#run.settle(flow);
  }

  #handle(parcel: Parcel, record: StoredRecord, topic: Topic<T>): void {
    const { flow } = parcel;
    const offset = record.queueOffset;
    const message = new ReceivedMessage(flow.broker, topic, record, parcel.frameBytes);
    const delivery = new Delivery(message, flow, offset, parcel.leasedMs);
    let outcome: void | Promise<void>;
    try {
      outcome = this.#handler.call(topic, delivery);
    } catch (thrown) {
      this.#run.settle(flow);
      return this.outcomes.fail(delivery, thrown);
    }
    if (isPromise(outcome)) this.#await(delivery, outcome);
    else this.#run.add(flow, offset, delivery.bytes);
  }

  #await(delivery: Delivery<T>, outcome: Promise<void>): void {
    const outcomes = this.outcomes;
    outcomes.begin(delivery);
    outcome.then(
      () => this.#done(delivery, () => outcomes.succeed(delivery)),
      (thrown: unknown) => this.#done(delivery, () => outcomes.fail(delivery, thrown)),
    );
  }

  #done(delivery: Delivery<T>, settle: () => void): void {
    this.outcomes.end(delivery);
    settle();
    this.loop.go();
  }
}
