import type { QueueAck } from "../../proto/gen/logwheel/v1/QueueAck.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import type { OffsetRange } from "../../proto/kernel/range-set.js";
import type { Delivery } from "./delivery.js";
import type { QueueFlow } from "./queue-flow.js";
import { notOurs } from "./queue-flows.js";

/** Somebody who wants to know that one message is acknowledged. */
export interface AckWaiter {
  readonly delivery: Delivery;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** What went out under one serial. */
export interface Sent {
  readonly acks: readonly { readonly flow: QueueFlow; readonly ranges: readonly OffsetRange[] }[];
  readonly waiters: readonly AckWaiter[];
}

/** Acknowledgements of one member on their way: gathered by queue, sent together, kept until the broker has them. */
export class AckLog {
  readonly #dirty = new Set<QueueFlow>();
  readonly #sent = new Map<number, Sent>();
  #waiters: AckWaiter[] = [];

  /** Nothing is to be sent, and nothing waits for an answer. */
  get empty(): boolean {
    return this.#dirty.size === 0 && this.#sent.size === 0;
  }

  /** Messages `[start, end)` of the queue are handled. */
  add(flow: QueueFlow, start: number, end: number): void {
    flow.acks.add(start, end);
    this.#dirty.add(flow);
  }

  /** The same for one message, with somebody who waits for the answer. */
  await(waiter: AckWaiter): void {
    const { flow, offset } = waiter.delivery;
    this.add(flow, offset, offset + 1);
    this.#waiters.push(waiter);
  }

  /** Everything gathered, as the wire wants it; empty if there is nothing. `sent` has to follow. */
  take(): { readonly queues: QueueAck[]; readonly sent: Sent; readonly count: number } {
    const queues: QueueAck[] = [];
    const acks: { flow: QueueFlow; ranges: readonly OffsetRange[] }[] = [];
    let count = 0;
    for (const flow of this.#dirty) {
      count += flow.acks.count;
      const ranges = flow.takeAcks();
      if (ranges.length === 0) continue;
      queues.push(flow.name(ranges));
      acks.push({ flow, ranges });
    }
    this.#dirty.clear();
    const waiters = this.#waiters;
    this.#waiters = [];
    return { queues, sent: { acks, waiters }, count };
  }

  /** What `take` gave left under this serial. */
  sent(serial: number, sent: Sent): void {
    this.#sent.set(serial, sent);
  }

  /** The broker has answered. Returns who is to be asked for alone: several wait, and some of theirs was refused. */
  answered(serial: number, failures: readonly LogwheelError[]): readonly AckWaiter[] {
    const sent = this.#sent.get(serial);
    this.#sent.delete(serial);
    if (sent === undefined) return [];
    const [failure] = failures;
    if (failure !== undefined && sent.waiters.length > 1) return sent.waiters;
    for (const { resolve, reject } of sent.waiters) failure === undefined ? resolve() : reject(failure);
    return [];
  }

  /** The stream broke: what was not answered is to be sent again. */
  unsend(): void {
    for (const { acks, waiters } of this.#sent.values()) {
      for (const { flow, ranges } of acks) {
        if (flow.state === "gone") continue;
        for (const [start, end] of ranges) this.add(flow, start, end);
      }
      for (const waiter of waiters) {
        const { flow } = waiter.delivery;
        if (flow.state === "gone") waiter.reject(notOurs(flow));
        else this.#waiters.push(waiter);
      }
    }
    this.#sent.clear();
  }

  /** The queue is gone: its acknowledgements would be refused. */
  forget(flow: QueueFlow, error: LogwheelError): void {
    flow.acks.clear();
    this.#dirty.delete(flow);
    const waiters = this.#waiters;
    this.#waiters = waiters.filter(({ delivery }) => delivery.flow !== flow);
    for (const { delivery, reject } of waiters) if (delivery.flow === flow) reject(error);
  }

  /** Nobody is going to answer any more. */
  close(error: LogwheelError): void {
    for (const { waiters } of this.#sent.values()) for (const { reject } of waiters) reject(error);
    for (const { reject } of this.#waiters.splice(0)) reject(error);
    this.#sent.clear();
    this.#dirty.clear();
  }
}

/** The acknowledgement of one message on its own, as `take` gives those of many. */
export function alone(waiter: AckWaiter): { readonly queues: QueueAck[]; readonly sent: Sent } {
  const { flow, offset } = waiter.delivery;
  const ranges: OffsetRange[] = [[offset, offset + 1]];
  return { queues: [flow.name(ranges)], sent: { acks: [{ flow, ranges }], waiters: [waiter] } };
}
