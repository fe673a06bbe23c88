import type { StoredRecord } from "../../proto/kernel/record.js";
import type { Delivery } from "./delivery.js";
import { Fifo } from "./fifo.js";
import type { QueueFlow } from "./queue-flow.js";

/** One ordering key of a queue while something of it is in a handler or has failed. Keys with one hash share a lane. */
export class KeyLane {
  readonly flow: QueueFlow;
  readonly hash: number;
  /** In a handler that took a promise's time. */
  running: Delivery | null = null;
  /** Behind that, in order. */
  readonly waiting = new Fifo<StoredRecord>();
  /**
   * What the broker took before it knew of so many failures of this stream comes again; Infinity while the failure was not
   * told, 0 when nothing is stale.
   */
  staleBelow = 0;

  constructor(flow: QueueFlow, hash: number) {
    this.flow = flow;
    this.hash = hash;
  }
}

/**
 * The ordering keys of one queue that cannot go on at once. A key whose handlers return at once has no lane.
 *
 * After a failure whatever has arrived of the key is dropped, and what was on its way: the broker delivers it again in
 * order, when the failed message is handled. So nothing of a blocked key is kept here for longer than the broker takes to
 * hear of the failure.
 */
export class KeyLanes {
  readonly #flow: QueueFlow;
  readonly #byHash = new Map<number, KeyLane>();
  /** Failed and told, in order. */
  readonly #told = new Fifo<{ readonly lane: KeyLane; readonly failures: number }>();

  constructor(flow: QueueFlow) {
    this.#flow = flow;
  }

  /** How many keys have one. */
  get size(): number {
    return this.#byHash.size;
  }

  get(hash: number): KeyLane | undefined {
    return this.#byHash.size === 0 ? undefined : this.#byHash.get(hash);
  }

  /** Whether what the broker took when it knew of so many failures is not to be begun: it comes again. */
  isStale(hash: number, failures: number): boolean {
    const lane = this.get(hash);
    return lane !== undefined && lane.staleBelow > failures;
  }

  /** Whether this delivery of a message waits for its key. */
  waits(offset: number, attempt: number): boolean {
    for (const { waiting } of this.#byHash.values())
      for (const record of waiting)
        if (record.queueOffset === offset && record.attempt === attempt) return true;
    return false;
  }

  /** Keys whose handlers run in the queue under an earlier generation wait for these. */
  follow(former: KeyLanes): void {
    for (const { hash, running } of former.#byHash.values()) if (running !== null) this.begin(hash, running);
  }

  /** A handler takes its time over a message. */
  begin(hash: number, delivery: Delivery): void {
    this.#lane(hash).running = delivery;
  }

  /** It has ended; undefined if the key did not wait for it. */
  end(hash: number, delivery: Delivery): KeyLane | undefined {
    const lane = this.get(hash);
    if (lane?.running !== delivery) return undefined;
    lane.running = null;
    return lane;
  }

  /** Nothing of the lane is left that anybody has to know of. */
  tidy(lane: KeyLane): void {
    if (lane.running !== null || lane.staleBelow > 0 || lane.waiting.length > 0) return;
    if (this.#byHash.get(lane.hash) === lane) this.#byHash.delete(lane.hash);
  }

  /** A message failed and is going to be told; false if one before it failed just now, with which it comes again. */
  fail(hash: number): boolean {
    const lane = this.#lane(hash);
    if (lane.staleBelow === Number.POSITIVE_INFINITY) return false;
    lane.staleBelow = Number.POSITIVE_INFINITY;
    this.#drop(lane);
    return true;
  }

  /**
   * The broker was told of a failure of this key, which is number `failures` of the stream. Exactly that one counts: between
   * two that are told together the broker may deliver the first message again.
   */
  told(hash: number, failures: number): void {
    const lane = this.get(hash);
    if (lane === undefined || lane.staleBelow === 0) return;
    lane.staleBelow = failures;
    this.#told.push({ lane, failures });
  }

  /** What comes from now on was taken when the broker knew of so many failures. */
  reached(failures: number): void {
    for (let first = this.#told.peek(); first !== undefined; first = this.#told.peek()) {
      if (first.failures > failures) return;
      this.#told.shift();
      if (first.lane.staleBelow > failures) continue;
      first.lane.staleBelow = 0;
      this.tidy(first.lane);
    }
  }

  /** A new stream: the broker begins again with what is not acknowledged, and nothing that comes is stale. */
  restart(): void {
    this.#told.takeAll();
    for (const lane of this.#byHash.values()) {
      lane.staleBelow = 0;
      this.tidy(lane);
    }
  }

  /** What was not begun is not going to be. */
  dropWaiting(): void {
    for (const lane of this.#byHash.values()) {
      this.#drop(lane);
      this.tidy(lane);
    }
  }

  #lane(hash: number): KeyLane {
    let lane = this.#byHash.get(hash);
    if (lane === undefined) {
      lane = new KeyLane(this.#flow, hash);
      this.#byHash.set(hash, lane);
    }
    return lane;
  }

  #drop({ waiting, flow }: KeyLane): void {
    for (const { start, end } of waiting.takeAll()) flow.settler.release(1, end - start);
  }
}
