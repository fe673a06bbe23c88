import type { Files } from "../disk/files.js";
import type { BlockCache } from "./block-cache.js";
import { ENTRY_NUMBERS } from "./open-entries.js";
import type { Queue } from "./queue.js";
import { replay } from "./replay.js";
import type { Segment } from "./segment.js";
import { type QueueEntries, SegmentIndex, segmentIndexName, writeSegmentIndex } from "./segment-index.js";
import type { Segments } from "./segments.js";
import { State } from "./state.js";

/** Entries of one queue that follow each other in one segment, four numbers each (`ENTRY_NUMBERS`). */
export interface Run {
  readonly segmentStart: number;
  readonly numbers: Uint32Array;
  /** Queue offset of the first entry. */
  readonly baseOffset: number;
}

const NO_ENTRIES = new Uint32Array(0);
const OPEN_INDEXES_MAX = 64;

/** A closed segment whose index file is not written yet. */
interface Sealing {
  readonly start: number;
  readonly entries: Map<Queue, { baseOffset: number; entries: Uint32Array }>;
  readonly bases: QueueEntries[];
}

/**
 * Where the messages of each queue lie. The open segment's entries are in memory with their queue; a sealed segment has
 * an immutable file of them, which is made again from the segment if it is missing or damaged.
 */
export class ConsumeIndex {
  readonly #files: Files;
  readonly #segments: Segments;
  readonly #cache: BlockCache;
  readonly #sealing: Sealing[] = [];
  readonly #open = new Map<number, Promise<SegmentIndex>>();
  #segmentStart = 0;

  constructor(files: Files, segments: Segments, cache: BlockCache) {
    this.#cache = cache;
    this.#files = files;
    this.#segments = segments;
  }

  /** Where the open segment begins; its entries are those of the queues themselves. */
  get segmentStart(): number {
    return this.#segmentStart;
  }

  /** The next segment begins: what the queues hold belongs to the one that began at `segmentStart`. */
  begin(start: number, queues: Iterable<Queue>): void {
    const sealing: Sealing = { start: this.#segmentStart, entries: new Map(), bases: [] };
    for (const queue of queues) {
      const taken = queue.open.take();
      sealing.bases.push({ topic: queue.topic.number, queueId: queue.id, ...taken });
      if (taken.entries.length > 0) sealing.entries.set(queue, taken);
    }
    if (start > this.#segmentStart) this.#sealing.push(sealing);
    this.#segmentStart = start;
  }

  /** The last segment goes on after a restart. */
  resume(start: number): void {
    this.#segmentStart = start;
  }

  /** Writes the index file of a sealed segment; its entries leave the memory after that. */
  async seal(segment: Segment): Promise<void> {
    const at = this.#sealing.findIndex(({ start }) => start === segment.start);
    if (at < 0) return;
    await writeSegmentIndex(this.#files, segment.start, this.#sealing[at]!.bases);
    this.#sealing.splice(
      this.#sealing.findIndex(({ start }) => start === segment.start),
      1,
    );
  }

  /** Makes the index files that sealed segments lack: a crash came before they were written. */
  async repair(): Promise<void> {
    const names = new Set(await this.#files.list());
    for (const segment of this.#segments.all)
      if (segment.start < this.#segmentStart && !names.has(segmentIndexName(segment.start)))
        await this.rebuild(segment);
  }

  /** Makes a sealed segment's index file again from its records. */
  async rebuild(segment: Segment): Promise<void> {
    const state = new State();
    await replay(segment, segment.end, state, {
      add: (queue, header, position) => queue.add(header, position),
    });
    const queues = [...state.topics.values()].flatMap((topic) => topic.queues);
    const bases = queues.map((queue) => ({
      topic: queue.topic.number,
      queueId: queue.id,
      ...queue.open.take(),
    }));
    this.#open.delete(segment.start);
    await writeSegmentIndex(this.#files, segment.start, bases);
  }

  /** Entries from `offset` on that lie in one segment, in memory where they are in memory. Empty beyond the end. */
  run(queue: Queue, offset: number, max: number): Run | Promise<Run> {
    if (offset >= queue.open.base)
      return slice(this.#segmentStart, queue.open.base, queue.open.numbers, offset, max);
    for (const { start, entries } of this.#sealing) {
      const taken = entries.get(queue);
      if (
        taken !== undefined &&
        offset >= taken.baseOffset &&
        offset < taken.baseOffset + taken.entries.length / ENTRY_NUMBERS
      )
        return slice(start, taken.baseOffset, taken.entries, offset, max);
    }
    return this.#sealedRun(queue, offset, max);
  }

  /** One past the last offset of a queue whose record lies below log offset `visible`. */
  endOffset(queue: Queue, visible: number): number {
    const { base, numbers } = queue.open;
    const seen = countBelow(numbers, visible - this.#segmentStart);
    if (seen > 0 || this.#sealing.length === 0) return base + seen;
    let lowest = base;
    for (let index = this.#sealing.length - 1; index >= 0; index--) {
      const { start, entries } = this.#sealing[index]!;
      const taken = entries.get(queue);
      if (taken === undefined) continue;
      const count = countBelow(taken.entries, visible - start);
      if (count > 0) return taken.baseOffset + count;
      lowest = taken.baseOffset;
    }
    return lowest;
  }

  /** Numbers of the topics with messages in a sealed segment. */
  async topicsOf(segment: Segment): Promise<number[]> {
    const sealing = this.#sealing.find(({ start }) => start === segment.start);
    if (sealing !== undefined)
      return [...new Set([...sealing.entries.keys()].map((queue) => queue.topic.number))];
    return (await this.#indexOf(segment)).topics();
  }

  /** A queue's next offset at the head of the segment that begins at `segmentStart`. */
  async baseAt(queue: Queue, segmentStart: number): Promise<number> {
    const segment = this.#segments.at(segmentStart);
    if (segment === undefined || segmentStart >= this.#segmentStart) return queue.open.base;
    const place = await (await this.#indexOf(segment)).find(queue.topic.number, queue.id);
    return place?.baseOffset ?? 0;
  }

  /** The index of a segment is gone with it. */
  async drop(segment: Segment): Promise<void> {
    const open = this.#open.get(segment.start);
    this.#open.delete(segment.start);
    await (await open?.catch(() => undefined))?.close();
    if ((await this.#files.list()).includes(segmentIndexName(segment.start)))
      await this.#files.remove(segmentIndexName(segment.start));
  }

  async close(): Promise<void> {
    for (const open of this.#open.values()) await (await open.catch(() => undefined))?.close();
    this.#open.clear();
  }

  async #sealedRun(queue: Queue, offset: number, max: number): Promise<Run> {
    const all = this.#segments.all;
    let low = 0;
    let high = this.#segments.indexAt(this.#segmentStart) - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = all[middle]!;
      const index = await this.#indexOf(segment);
      const place = await index.find(queue.topic.number, queue.id);
      if (place === undefined || offset >= place.baseOffset + place.count) low = middle + 1;
      else if (offset < place.baseOffset) high = middle - 1;
      else {
        const from = offset - place.baseOffset;
        const numbers = await index.entries(place, from, Math.min(max, place.count - from));
        return { segmentStart: segment.start, numbers, baseOffset: offset };
      }
    }
    return { segmentStart: 0, numbers: NO_ENTRIES, baseOffset: offset };
  }

  #indexOf(segment: Segment): Promise<SegmentIndex> {
    const known = this.#open.get(segment.start);
    if (known !== undefined) return known;
    const index = SegmentIndex.open(this.#files, segment.start, this.#cache).catch(async () => {
      await this.rebuild(segment);
      return SegmentIndex.open(this.#files, segment.start, this.#cache);
    });
    index.catch(() => this.#open.delete(segment.start));
    this.#open.set(segment.start, index);
    if (this.#open.size > OPEN_INDEXES_MAX) this.#closeOldest();
    return index;
  }

  #closeOldest(): void {
    const [start, oldest] = this.#open.entries().next().value!;
    this.#open.delete(start);
    oldest.then((index) => index.close()).catch(() => {});
  }
}

function slice(
  segmentStart: number,
  baseOffset: number,
  numbers: Uint32Array,
  offset: number,
  max: number,
): Run {
  const from = (offset - baseOffset) * ENTRY_NUMBERS;
  return { segmentStart, numbers: numbers.subarray(from, from + max * ENTRY_NUMBERS), baseOffset: offset };
}

/** How many entries, in order of their position, lie below a position. */
function countBelow(numbers: Uint32Array, position: number): number {
  const count = numbers.length / ENTRY_NUMBERS;
  if (count > 0 && numbers[(count - 1) * ENTRY_NUMBERS]! < position) return count;
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle * ENTRY_NUMBERS]! < position) low = middle + 1;
    else high = middle;
  }
  return low;
}
