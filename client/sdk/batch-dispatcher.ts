import { decodeBody, isPromise } from "./decoding.js";
import { Delivery } from "./delivery.js";
import { traces } from "./diagnostics.js";
import { DispatchLoop } from "./dispatch-loop.js";
import type { Dispatch, DispatchOptions } from "./dispatcher.js";
import { Reject } from "./handler-errors.js";
import { ReceivedMessage } from "./message.js";
import { Outcomes } from "./outcomes.js";
import { type Parcel, queueKey } from "./queue-flow.js";
import type { BatchHandler, BatchResult, HandlerContext, Message } from "./types.js";

/** How many messages make a batch, and how long the first waits for the others. */
export interface BatchSize {
  readonly size: number;
  readonly waitMs: number;
}

/** Parcels that batches are taken from: all of them, or in ordered mode those of one queue. */
interface Pile {
  readonly parcels: Parcel[];
  /** Monotonic: from now on a smaller batch will do. */
  dueMs: number;
  /** Ordered mode: its batch is in a handler. */
  busy: boolean;
}

/** Calls a batch handler with up to so many messages at a time: of any queues, or in ordered mode of one queue. */
export class BatchDispatcher<T> implements Dispatch<T> {
  readonly loop: DispatchLoop;
  readonly outcomes: Outcomes<T>;
  readonly #options: DispatchOptions<T>;
  readonly #batch: BatchSize;
  readonly #handler: BatchHandler<T>;
  /** In ordered mode by queue: under a new generation it waits for the batch of the old one. */
  readonly #piles = new Map<string, Pile>();
  #batches = 0;
  #cancelTimer: (() => void) | null = null;

  constructor(options: DispatchOptions<T>, batch: BatchSize, handler: BatchHandler<T>) {
    this.#options = options;
    this.#batch = batch;
    this.#handler = handler;
    this.outcomes = new Outcomes(options);
    this.loop = new DispatchLoop({
      concurrency: options.concurrency,
      busy: () => this.#batches,
      work: () => this.#work(),
    });
  }

  add(parcel: Parcel): void {
    const { flow } = parcel;
    const key = this.#options.mode === "ordered" ? `${flow.broker} ${queueKey(flow)}` : "";
    let pile = this.#piles.get(key);
    if (pile === undefined) {
      pile = { parcels: [], dueMs: Number.POSITIVE_INFINITY, busy: false };
      this.#piles.set(key, pile);
    }
    pile.parcels.push(parcel);
    this.loop.go();
  }

  #work(): void {
    for (const [key, pile] of this.#piles) {
      while (!this.loop.full && this.#isRipe(pile)) this.#start(pile);
      if (pile.parcels.length === 0 && !pile.busy) this.#piles.delete(key);
    }
    this.#wait();
  }

  /** Enough for a batch, or waited long enough for more. */
  #isRipe(pile: Pile): boolean {
    while (pile.parcels[0]?.left === 0) this.#shift(pile);
    const waiting = pile.parcels.reduce((sum, { left }) => sum + left, 0);
    if (waiting === 0) pile.dueMs = Number.POSITIVE_INFINITY;
    if (waiting === 0 || pile.busy) return false;
    const nowMs = this.#options.clock.monotonicMs();
    pile.dueMs = Math.min(pile.dueMs, nowMs + this.#batch.waitMs);
    return waiting >= this.#batch.size || nowMs >= pile.dueMs;
  }

  #shift(pile: Pile): void {
    const parcel = pile.parcels.shift()!;
    parcel.flow.parcels.delete(parcel);
  }

  /** Comes back when the first pile is due. */
  #wait(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    let dueMs = Number.POSITIVE_INFINITY;
    for (const pile of this.#piles.values()) if (!pile.busy) dueMs = Math.min(dueMs, pile.dueMs);
    if (dueMs === Number.POSITIVE_INFINITY || this.loop.full) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.max(0, dueMs - clock.monotonicMs()), () => {
      this.#cancelTimer = null;
      this.loop.go();
    });
  }

  #start(pile: Pile): void {
    pile.dueMs = Number.POSITIVE_INFINITY;
    const deliveries = this.#take(pile);
    if (deliveries.length === 0) return;
    for (const delivery of deliveries) this.outcomes.begin(delivery);
    pile.busy = this.#options.mode === "ordered";
    this.#batches++;
    let outcome: ReturnType<BatchHandler<T>>;
    try {
      outcome = this.#call(deliveries);
    } catch (thrown) {
      return this.#finish(pile, deliveries, (delivery) => this.outcomes.fail(delivery, thrown));
    }
    if (!isPromise(outcome)) return this.#settle(pile, deliveries, outcome);
    outcome.then(
      (result) => {
        this.#settle(pile, deliveries, result);
        this.loop.go();
      },
      (thrown: unknown) => {
        this.#finish(pile, deliveries, (delivery) => this.outcomes.fail(delivery, thrown));
        this.loop.go();
      },
    );
  }

  #take(pile: Pile): Delivery<T>[] {
    const taken: Delivery<T>[] = [];
    for (let parcel = pile.parcels[0]; parcel !== undefined; parcel = pile.parcels[0]) {
      this.#takeFrom(parcel, taken);
      if (parcel.left > 0) break;
      this.#shift(pile);
    }
    return taken;
  }

  #takeFrom(parcel: Parcel, into: Delivery<T>[]): void {
    const { flow, records, frameBytes, leasedMs, failures } = parcel;
    const topic = this.#options.topics.get(flow.topic)!;
    if (parcel.left > 0) flow.keys.reached(failures);
    while (parcel.left > 0 && into.length < this.#batch.size) {
      const record = records[parcel.at++]!;
      const offset = record.queueOffset;
      const stale = flow.isStale(offset) || flow.keys.isStale(record.keyHash, failures);
      if (flow.state !== "assigned" || stale) flow.settler.release(1, record.end - record.start);
      else {
        const message = new ReceivedMessage(flow.broker, topic, record, frameBytes);
        into.push(new Delivery(message, flow, offset, leasedMs));
      }
    }
  }

  #call(deliveries: readonly Delivery<T>[]): ReturnType<BatchHandler<T>> {
    const decodings = deliveries.flatMap((delivery) => this.#decode(delivery) ?? []);
    if (decodings.length === 0) return this.#handle(deliveries);
    return Promise.all(decodings).then(() => this.#handle(deliveries));
  }

  /** A body that cannot be decoded fails alone, or is passed over; the others go on. */
  #decode(delivery: Delivery<T>): Promise<void> | undefined {
    const { message } = delivery;
    const { topics, undecodable, failed } = this.#options;
    const refuse = (thrown: unknown): void => {
      if (undecodable === "retry") return this.outcomes.fail(delivery, thrown);
      failed(thrown, message);
      if (undecodable === "skip") return this.outcomes.succeed(delivery);
      this.outcomes.fail(delivery, new Reject("the body cannot be decoded", { cause: thrown }));
    };
    try {
      const decoding = decodeBody(topics.get(message.topic)!, message);
      return isPromise(decoding) ? decoding.catch(refuse) : undefined;
    } catch (thrown) {
      refuse(thrown);
      return undefined;
    }
  }

  #handle(deliveries: readonly Delivery<T>[]): ReturnType<BatchHandler<T>> {
    if (this.#options.mode === "ordered") this.#keepOrder(deliveries);
    const left = deliveries.filter(({ settled }) => !settled);
    const messages = left.map(({ message }) => message);
    if (messages.length === 0) return;
    const context = new BatchContext(left);
    const handler = this.#handler;
    if (!traces.process.hasSubscribers) return handler(messages, context);
    const about = { group: this.#options.group, topic: messages[0]!.topic, messages };
    return traces.process.tracePromise(async () => handler(messages, context), about);
  }

  /** What stands behind a message of its key that could not be decoded is not handled before that: it comes again with it. */
  #keepOrder(deliveries: readonly Delivery<T>[]): void {
    const failed = new Set<number>();
    for (const delivery of deliveries) {
      const { keyHash } = delivery.message;
      if (delivery.failed) failed.add(keyHash);
      else if (!delivery.settled && failed.has(keyHash)) this.outcomes.release(delivery);
    }
  }

  // biome-ignore lint/suspicious/noConfusingVoidType: what handlers return
  #settle(pile: Pile, deliveries: readonly Delivery<T>[], result: void | BatchResult<T>): void {
    const failed = new Set<Message<T>>(result?.failed);
    this.#finish(pile, deliveries, (delivery) => {
      if (failed.has(delivery.message)) this.outcomes.fail(delivery, undefined);
      else this.outcomes.succeed(delivery);
    });
  }

  #finish(pile: Pile, deliveries: readonly Delivery<T>[], settle: (delivery: Delivery<T>) => void): void {
    this.#batches--;
    pile.busy = false;
    for (const delivery of deliveries) {
      this.outcomes.end(delivery);
      settle(delivery);
    }
  }
}

/** What a batch handler gets: its signal aborts when one of the messages no longer counts. */
class BatchContext<T> implements HandlerContext {
  readonly #deliveries: readonly Delivery<T>[];
  #controller: AbortController | null = null;

  constructor(deliveries: readonly Delivery<T>[]) {
    this.#deliveries = deliveries;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      const controller = new AbortController();
      this.#controller = controller;
      for (const delivery of this.#deliveries) {
        if (delivery.lost !== null) controller.abort(delivery.lost);
        delivery.onLost = (error) => controller.abort(error);
      }
    }
    return this.#controller.signal;
  }

  async extend(ms: number): Promise<void> {
    await Promise.all(this.#deliveries.map((delivery) => delivery.extend(ms)));
  }
}
