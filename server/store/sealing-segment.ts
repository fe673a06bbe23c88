import type { Queue } from "./queue.js";
import type { QueueEntries } from "./segment-index.js";

const NONE = new Uint32Array(0);

/** Entries of a queue in a segment: `entries` begin at queue offset `baseOffset`. */
interface Taken {
  readonly baseOffset: number;
  readonly entries: Uint32Array;
}

/**
 * A closed segment whose index file is not written yet: what each queue had in it, ascending by topic and queue. Made
 * while everything waits, so it is no object for each queue without a message.
 */
export class SealingSegment implements Iterable<QueueEntries> {
  readonly start: number;
  /** Of queues that have messages in the segment. */
  readonly taken = new Map<Queue, Taken>();
  readonly #queues: Queue[];
  readonly #bases: Float64Array;

  /** Takes the entries out of the queues, which go on in the next segment. */
  constructor(start: number, queues: Iterable<Queue>) {
    this.start = start;
    this.#queues = [...queues];
    if (!ascending(this.#queues)) this.#queues.sort(order);
    this.#bases = new Float64Array(this.#queues.length);
    for (let at = 0; at < this.#queues.length; at++) {
      const queue = this.#queues[at]!;
      this.#bases[at] = queue.open.base;
      if (queue.open.count > 0) this.taken.set(queue, queue.open.take());
    }
  }

  /** How many queues there are. */
  get length(): number {
    return this.#queues.length;
  }

  /** A queue's next offset at the head of the segment; 0 if it did not exist when the segment was closed. */
  baseOf(queue: Queue): number {
    return this.#bases[this.#queues.indexOf(queue)] ?? 0;
  }

  *[Symbol.iterator](): Generator<QueueEntries> {
    for (const [at, queue] of this.#queues.entries())
      yield {
        topic: queue.topic.number,
        queueId: queue.id,
        baseOffset: this.#bases[at]!,
        entries: this.taken.get(queue)?.entries ?? NONE,
      };
  }
}

function ascending(queues: readonly Queue[]): boolean {
  for (let at = 1; at < queues.length; at++) if (order(queues[at - 1]!, queues[at]!) >= 0) return false;
  return true;
}

function order(a: Queue, b: Queue): number {
  return a.topic.number - b.topic.number || a.id - b.id;
}
