import { ENTRY_NUMBERS, type OpenEntries } from "./open-entries.js";
import type { Queue } from "./queue.js";
import type { QueueEntries } from "./segment-index.js";

/**
 * A closed segment whose index file is not written yet: what each queue had in it, ascending by topic and queue. Made
 * while everything waits, so it is no object for each queue.
 */
export class SealingSegment implements Iterable<QueueEntries> {
  readonly #entries: OpenEntries;
  readonly #queues: Queue[];
  readonly #bases: Float64Array;
  readonly #counts: Uint32Array;
  readonly #lastRows: Uint32Array;

  /** Takes the entries out of the queues, which go on in `next`. */
  constructor(entries: OpenEntries, queues: Iterable<Queue>, next: OpenEntries) {
    this.#entries = entries;
    this.#queues = [...queues];
    if (!ascending(this.#queues)) this.#queues.sort(order);
    const { length } = this.#queues;
    this.#bases = new Float64Array(length);
    this.#counts = new Uint32Array(length);
    this.#lastRows = new Uint32Array(length);
    for (let at = 0; at < length; at++) {
      const queue = this.#queues[at]!;
      this.#bases[at] = queue.base;
      this.#counts[at] = queue.indexed - queue.base;
      this.#lastRows[at] = queue.lastRow;
      queue.enter(next);
    }
  }

  /** Log offset at which the segment begins. */
  get start(): number {
    return this.#entries.start;
  }

  /** How many queues there are. */
  get length(): number {
    return this.#queues.length;
  }

  /** A queue's next offset at the head of the segment; 0 if it did not exist when the segment was closed. */
  baseOf(queue: Queue): number {
    return this.#bases[this.#placeOf(queue)] ?? 0;
  }

  /** What the segment has of a queue; undefined if the queue did not exist when it was closed. */
  of(queue: Queue): Taken | undefined {
    const at = this.#placeOf(queue);
    return at < 0 ? undefined : this.#at(at);
  }

  /** Numbers of the topics that have messages in the segment, ascending. */
  topics(): number[] {
    const topics: number[] = [];
    for (let at = 0; at < this.length; at++) {
      const { number } = this.#queues[at]!.topic;
      if (this.#counts[at]! > 0 && topics.at(-1) !== number) topics.push(number);
    }
    return topics;
  }

  *[Symbol.iterator](): Generator<QueueEntries> {
    for (let at = 0; at < this.length; at++) yield this.#at(at);
  }

  #at(at: number): Taken {
    const [queue, baseOffset] = [this.#queues[at]!, this.#bases[at]!];
    return new Taken(queue, this.#entries, baseOffset, this.#counts[at]!, this.#lastRows[at]!);
  }

  #placeOf(queue: Queue): number {
    let low = 0;
    let high = this.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const found = this.#queues[middle]!;
      if (found === queue) return middle;
      if (order(found, queue) < 0) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }
}

/** What a closed segment has of one queue. */
class Taken implements QueueEntries {
  readonly #queue: Queue;
  readonly #all: OpenEntries;
  readonly #lastRow: number;
  readonly baseOffset: number;
  readonly count: number;

  constructor(queue: Queue, all: OpenEntries, baseOffset: number, count: number, lastRow: number) {
    this.#queue = queue;
    this.#all = all;
    this.#lastRow = lastRow;
    this.baseOffset = baseOffset;
    this.count = count;
  }

  get topic(): number {
    return this.#queue.topic.number;
  }

  get queueId(): number {
    return this.#queue.id;
  }

  get entries(): Uint32Array {
    const numbers = new Uint32Array(this.count * ENTRY_NUMBERS);
    this.#all.copy(this.#lastRow, 0, this.count, numbers);
    return numbers;
  }

  /** The same, kept for those who ask again. */
  get gathered(): Uint32Array {
    return this.#all.gather(this.#queue, this.#lastRow, this.count);
  }
}

function ascending(queues: readonly Queue[]): boolean {
  for (let at = 1; at < queues.length; at++) if (order(queues[at - 1]!, queues[at]!) >= 0) return false;
  return true;
}

function order(a: Queue, b: Queue): number {
  return a.topic.number - b.topic.number || a.id - b.id;
}
