import type { StoredRecord } from "../../proto/kernel/record.js";
import { isPromise } from "./decoding.js";
import { Delivery } from "./delivery.js";
import { DispatchLoop } from "./dispatch-loop.js";
import type { Dispatch, DispatchOptions } from "./dispatcher.js";
import { Fifo } from "./fifo.js";
import { HandlerCall } from "./handler-call.js";
import type { KeyLane } from "./key-lanes.js";
import { ReceivedMessage } from "./message.js";
import { Outcomes } from "./outcomes.js";
import type { Parcel, QueueFlow } from "./queue-flow.js";
import { SettledRun } from "./settled-run.js";
import type { Handler } from "./types.js";

/**
 * Calls the handler in order by key: one message of a key at a time, different keys beside each other, as many as
 * allowed. What waits for its key is put aside, so that what comes behind it can go on. A handler that returns nothing is
 * done when it returns, and costs its key no lane.
 */
export class OrderedDispatcher<T> implements Dispatch<T> {
  readonly loop: DispatchLoop;
  readonly outcomes: Outcomes<T>;
  readonly #options: DispatchOptions<T>;
  readonly #handler: HandlerCall<T>;
  readonly #arrived = new Fifo<Parcel>();
  /** Lanes that something waits in, and no handler runs for. */
  readonly #rested = new Fifo<KeyLane>();
  readonly #run = new SettledRun();

  constructor(options: DispatchOptions<T>, handler: Handler<T>) {
    this.outcomes = new Outcomes(options);
    this.#options = options;
    this.#handler = new HandlerCall(options, handler);
    this.loop = new DispatchLoop({
      concurrency: options.concurrency,
      busy: () => this.outcomes.active.size,
      work: () => {
        while (!this.loop.full && this.#step());
      },
    });
  }

  add(parcel: Parcel): void {
    this.#arrived.push(parcel);
    this.loop.go();
  }

  /** What has waited for its key came before anything in a parcel; false if there is nothing. */
  #step(): boolean {
    const lane = this.#rested.shift();
    const parcel = lane === undefined ? this.#arrived.peek() : undefined;
    if (lane !== undefined) this.#goOn(lane);
    else if (parcel !== undefined) this.#work(parcel);
    return lane !== undefined || parcel !== undefined;
  }

  #goOn(lane: KeyLane): void {
    const { flow, waiting } = lane;
    while (waiting.length > 0 && lane.running === null && !this.loop.full) {
      const record = waiting.shift()!;
      if (flow.isStale(record.queueOffset)) flow.settler.release(1, record.end - record.start);
      else this.#handle(flow, record, lane.hash);
    }
    this.#run.settle(flow);
    if (waiting.length > 0 && lane.running === null) this.#rested.push(lane);
    else flow.keys.tidy(lane);
  }

  #work(parcel: Parcel): void {
    const { flow, records } = parcel;
    // One that was emptied came on a stream that may be over, and counts its failures.
    if (parcel.left > 0) flow.keys.reached(parcel.failures);
    while (parcel.left > 0 && !this.loop.full) {
      const record = records[parcel.at++]!;
      const hash = record.keyHash;
      const lane = flow.keys.get(hash);
      const stale = flow.isStale(record.queueOffset) || (lane?.staleBelow ?? 0) > parcel.failures;
      if (flow.state !== "assigned" || stale) flow.settler.release(1, record.end - record.start);
      else if (lane !== undefined && (lane.running !== null || lane.waiting.length > 0))
        lane.waiting.push(record);
      else this.#handle(flow, record, hash);
    }
    this.#run.settle(flow);
    if (parcel.left > 0) return;
    this.#arrived.shift();
    flow.parcels.delete(parcel);
  }

  #handle(flow: QueueFlow, record: StoredRecord, hash: number): void {
    const topic = this.#options.topics.get(flow.topic)!;
    const message = new ReceivedMessage(flow.broker, topic, record, record.bytes.buffer.byteLength);
    const delivery = new Delivery(message, flow, record.queueOffset, 0);
    let outcome: void | Promise<void>;
    try {
      outcome = this.#handler.call(topic, delivery);
    } catch (thrown) {
      this.#run.settle(flow);
      return this.outcomes.fail(delivery, thrown);
    }
    if (isPromise(outcome)) this.#await(delivery, hash, outcome);
    else this.#run.add(flow, delivery.offset, delivery.bytes);
  }

  #await(delivery: Delivery<T>, hash: number, outcome: Promise<void>): void {
    const outcomes = this.outcomes;
    delivery.flow.keys.begin(hash, delivery as Delivery);
    outcomes.begin(delivery);
    outcome.then(
      () => this.#done(delivery, hash, () => outcomes.succeed(delivery)),
      (thrown: unknown) => this.#done(delivery, hash, () => outcomes.fail(delivery, thrown)),
    );
  }

  /** The key goes on, in the queue under whatever generation it waits by now. */
  #done(delivery: Delivery<T>, hash: number, settle: () => void): void {
    this.outcomes.end(delivery);
    const lanes: KeyLane[] = [];
    for (let flow: QueueFlow | null = delivery.flow; flow !== null; flow = flow.successor) {
      const lane = flow.keys.end(hash, delivery as Delivery);
      if (lane !== undefined) lanes.push(lane);
    }
    settle();
    for (const lane of lanes)
      if (lane.waiting.length > 0) this.#rested.push(lane);
      else lane.flow.keys.tidy(lane);
    this.loop.go();
  }
}
