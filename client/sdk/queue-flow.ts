import type { Nack } from "../../proto/gen/logwheel/v1/Nack.js";
import type { QueueAck } from "../../proto/gen/logwheel/v1/QueueAck.js";
import { type OffsetRange, RangeSet } from "../../proto/kernel/range-set.js";
import type { StoredRecord } from "../../proto/kernel/record.js";
import type { Amount } from "./credit.js";
import type { Delivery } from "./delivery.js";
import { KeyLanes } from "./key-lanes.js";
import { UNSEEN, type Verdict } from "./verdict.js";

/** Where the results of a queue's messages go: the membership that has the queue. */
export interface Settler {
  /** Messages `[start, end)` are handled; so many of them, with so many bytes, were held. */
  succeed(flow: QueueFlow, start: number, end: number, held: Amount): void;
  /** The message was not handled. */
  fail(delivery: Delivery, verdict: Verdict): void;
  /** Messages that were never begun, or whose result does not count, are held no more. */
  release(messages: number, bytes: number): void;
  /** A handler has ended whose result does not count any more. */
  ended(flow: QueueFlow): void;
  /** The lease ends `ms` from now, and so does the handler's time if that is later. */
  extendLease(delivery: Delivery, ms: number): Promise<void>;
}

/** Messages of one batch that wait for a handler, from `at` on. */
export class Parcel {
  readonly flow: QueueFlow;
  readonly records: readonly StoredRecord[];
  /** Bytes of the frame in which they came. */
  readonly frameBytes: number;
  /** Ordered mode: how many failures of the stream the broker knew of when it took them. */
  readonly failures: number;
  at = 0;
  /** Shared mode: when the leases of what is left were last lengthened. */
  leasedMs: number;

  constructor(
    flow: QueueFlow,
    records: readonly StoredRecord[],
    came: { readonly frameBytes: number; readonly failures: number; readonly arrivedMs: number },
  ) {
    this.flow = flow;
    this.records = records;
    this.frameBytes = came.frameBytes;
    this.failures = came.failures;
    this.leasedMs = came.arrivedMs;
  }

  get left(): number {
    return this.records.length - this.at;
  }
}

/** Names a queue as the wire does. */
export interface QueueName {
  readonly topic: string;
  readonly queueId: number;
}

/** A key for maps. */
export function queueKey({ topic, queueId }: QueueName): string {
  return `${queueId} ${topic}`;
}

/**
 * One queue as one member has it, from its assignment to its revocation: what waits, what is in handlers and what is to
 * be told the broker. Outlives a broken stream, because the broker keeps the queue for a member that comes back soon.
 */
export class QueueFlow implements QueueName {
  readonly settler: Settler;
  readonly broker: string;
  readonly topic: string;
  readonly queueId: number;
  readonly generation: number;
  /** `revoking`: what runs may finish. `gone`: results no longer count. */
  state: "assigned" | "revoking" | "gone" = "assigned";
  readonly parcels = new Set<Parcel>();
  /** In handlers that took a promise's time. */
  readonly inFlight = new Map<number, Delivery>();
  /** Handled, and not yet told. */
  readonly acks = new RangeSet();
  /** Failed or given back, and not yet told. */
  readonly nacks: (Nack & { readonly offset: number; readonly keyHash: number })[] = [];
  /** Ordered mode: keys that cannot go on at once. */
  readonly keys = new KeyLanes(this);
  /** What waits here and is not to be begun: it belongs to this member no more, or was in its handler when it came again. */
  readonly lost = new Set<number>();
  /** The same queue under a later generation, which its keys have to wait for the handlers of this one in. */
  successor: QueueFlow | null = null;
  /** Broadcast mode: everything below has arrived or was left out by the filter. */
  #arrivedTo: number;
  /** Broadcast mode: everything below is handled, and what is handled above. */
  #floor: number;
  /** Broadcast mode: where the broker was asked to begin last. */
  #asked = 0;
  readonly #done = new RangeSet();

  constructor(
    settler: Settler,
    broker: string,
    name: QueueName & { readonly generation: number; readonly offset: number },
  ) {
    this.settler = settler;
    this.broker = broker;
    this.topic = name.topic;
    this.queueId = name.queueId;
    this.generation = name.generation;
    this.#floor = this.#arrivedTo = name.offset;
  }

  /** Broadcast mode: everything below is handled. */
  get position(): number {
    return this.#floor;
  }

  /** Broadcast mode: where the broker is to begin on a new stream. */
  ask(): number {
    this.#asked = this.#floor;
    return this.#asked;
  }

  /** Whether the broker begins before what it was asked for: it has lost the end of its log, and offsets mean other messages. */
  isCutTo(offset: number): boolean {
    return offset < this.#asked;
  }

  /** Shared mode: what this member has, so that the broker leaves it alone: handled, in handlers, waiting. */
  get held(): OffsetRange[] {
    const held = RangeSet.of(this.acks.toArray());
    const add = (offset: number): void => void held.add(offset, offset + 1);
    for (const { offset } of this.nacks) add(offset);
    for (const { offset, lost } of this.inFlight.values()) if (lost === null) add(offset);
    for (const { records, at } of this.parcels)
      for (const { queueOffset } of records.slice(at)) if (!this.lost.has(queueOffset)) add(queueOffset);
    return held.toArray();
  }

  /** Whether a record that has arrived is to be passed over. */
  isStale(offset: number): boolean {
    return this.lost.delete(offset) || this.isDone(offset);
  }

  /** Broadcast mode: whether a message is handled. */
  isDone(offset: number): boolean {
    return this.#done.count > 0 && (offset < this.#floor || this.#done.has(offset));
  }

  /**
   * A batch brings these. What is in its handler still comes again over a new stream: that is decided now, because the handler
   * may have ended, and its result be told, before it is this one's turn.
   *
   * Broadcast mode: the batch goes up to `end`, and what the filter left out between them counts as handled.
   */
  arrive(records: readonly StoredRecord[], end: number | null): void {
    for (const { queueOffset } of records)
      if (this.inFlight.get(queueOffset)?.settled === false) this.lost.add(queueOffset);
    if (end !== null) this.#arriveAt(records, end);
  }

  /** What was not begun is not going to be. */
  dropWaiting(): void {
    for (const parcel of this.parcels)
      for (; parcel.left > 0; parcel.at++) {
        const { start, end } = parcel.records[parcel.at]!;
        this.settler.release(1, end - start);
      }
    this.parcels.clear();
    this.keys.dropWaiting();
    this.lost.clear();
  }

  /** Shared mode: what waits of these parcels is for others, unless it is theirs already. */
  giveBack(parcels: Iterable<Parcel>): void {
    const { topic, queueId, generation } = this;
    for (const parcel of parcels) {
      for (; parcel.left > 0; parcel.at++) {
        const { queueOffset: offset, attempt, keyHash, start, end } = parcel.records[parcel.at]!;
        this.settler.release(1, end - start);
        if (this.lost.delete(offset)) continue;
        this.nacks.push({ topic, queueId, generation, offset, attempt, keyHash, ...UNSEEN });
      }
      this.parcels.delete(parcel);
    }
  }

  #arriveAt(records: readonly StoredRecord[], end: number): void {
    for (const { queueOffset } of records) {
      this.finish(this.#arrivedTo, queueOffset);
      this.#arrivedTo = Math.max(this.#arrivedTo, queueOffset + 1);
    }
    this.finish(this.#arrivedTo, end);
    this.#arrivedTo = Math.max(this.#arrivedTo, end);
  }

  /** Broadcast mode: `[start, end)` is handled. */
  finish(start: number, end: number): void {
    this.#done.add(start, end);
    this.#floor = this.#done.nextMissing(this.#floor);
  }

  /** Messages of this queue, as the wire names them. */
  name(ranges: readonly OffsetRange[]): QueueAck {
    const { topic, queueId, generation } = this;
    return { topic, queueId, generation, ranges: ranges.map(([start, end]) => ({ start, end })) };
  }

  /** What is handled and not told; it counts as told from now on. */
  takeAcks(): OffsetRange[] {
    const ranges = this.acks.toArray();
    this.acks.clear();
    return ranges;
  }
}
