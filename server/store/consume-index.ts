import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import type { BlockCache } from "./block-cache.js";
import { ENTRY_NUMBERS, HOLE, OpenEntries } from "./open-entries.js";
import type { Queue } from "./queue.js";
import type { Header } from "./record.js";
import { type Loss, lossOf, salvage } from "./salvage.js";
import { SalvagedEntries } from "./salvaged-entries.js";
import { SealingSegment } from "./sealing-segment.js";
import type { Segment } from "./segment.js";
import { type Place, SegmentIndex, writeSegmentIndex } from "./segment-index.js";
import type { Segments } from "./segments.js";
import { SideFiles } from "./side-files.js";

/** Entries of one queue that follow each other in one segment, four numbers each (`ENTRY_NUMBERS`). */
export interface Run {
  readonly segmentStart: number;
  readonly numbers: Uint32Array;
  /** Queue offset of the first entry. */
  readonly baseOffset: number;
}

/** What a segment has of a wanted offset: entries, or the direction in which to look further. */
type Found = Run | "before" | "behind";

/** A search for an offset among the segments that have index files, between two of them. */
interface Search {
  readonly queue: Queue;
  readonly offset: number;
  readonly max: number;
  readonly segments: readonly Segment[];
  low: number;
  high: number;
}

const OPEN_INDEXES_MAX = 64;
const ONE_HOLE = new Uint32Array(ENTRY_NUMBERS).fill(HOLE);

/**
 * Where the messages of each queue lie. The open segment's entries are in memory; a sealed segment has an immutable
 * file of them, which is made again from the segment if it is missing or damaged.
 */
export class ConsumeIndex {
  readonly #segments: Segments;
  readonly #files: Files;
  readonly #indexes: SideFiles<SegmentIndex>;
  readonly #sealing: SealingSegment[] = [];
  /** They do not change any more, and finding them takes the whole directory. */
  readonly #topics = new WeakMap<Segment, readonly number[]>();
  /** What segments miss; found when a reader comes to a gap. */
  readonly #losses = new WeakMap<Segment, Loss>();
  /** Of the open segment. */
  #open = new OpenEntries(0);

  constructor(files: Files, segments: Segments, cache: BlockCache) {
    this.#files = files;
    this.#segments = segments;
    this.#indexes = new SideFiles(files, segments, {
      suffix: "index",
      open: (start) => SegmentIndex.open(files, start, cache),
      write: (segment) => writeIndexAgain(files, segment),
      openMax: OPEN_INDEXES_MAX,
    });
  }

  /** Where the open segment begins. */
  get segmentStart(): number {
    return this.#open.start;
  }

  /** Enters a message of the open segment, at a position in it. */
  add(queue: Queue, header: Header, position: number): void {
    if (queue.indexed < header.queueOffset) this.skipTo(queue, header.queueOffset, position);
    queue.open ??= this.#open;
    queue.open.add(queue, position, header.length, header.tagHash, header.keyHash);
  }

  /** Offsets below `offset` that have no entry become holes: damage took their messages. */
  skipTo(queue: Queue, offset: number, position = this.#open.lastPosition(queue)): void {
    queue.open ??= this.#open;
    while (queue.indexed < offset) queue.open.add(queue, position, HOLE, 0, 0);
    if (offset > queue.nextOffset) queue.nextOffset = offset;
  }

  /** The next segment begins, and all queues go on in it. */
  begin(start: number, queues: Iterable<Queue>): void {
    const next = new OpenEntries(start);
    const sealing = new SealingSegment(this.#open, queues, next);
    if (start > this.#open.start) this.#sealing.push(sealing);
    this.#open = next;
  }

  /** The last segment goes on after a restart. */
  resume(start: number): void {
    this.#open = new OpenEntries(start);
  }

  /** Writes the index file of a sealed segment, after those that failed before; the entries leave the memory then. */
  async seal(segment: Segment): Promise<void> {
    for (const sealing of this.#sealing.filter(({ start }) => start <= segment.start)) {
      await writeSegmentIndex(this.#files, sealing.start, sealing);
      this.#forget(sealing);
    }
  }

  /** Clears up after a crash. Index files that are missing are made when they are asked for. */
  repair(): Promise<void> {
    return this.#indexes.sweep();
  }

  /** Makes a sealed segment's index file again from its records. */
  rebuild(segment: Segment): Promise<void> {
    return this.#indexes.rebuild(segment);
  }

  /**
   * Entries from an `offset` of the queue on that lie in one segment, one at least; at once where they are in memory.
   * LOG_CORRUPT if they are lost, OFFSET_OUT_OF_RANGE if retention has dropped them.
   */
  run(queue: Queue, offset: number, max: number): Run | Promise<Run> {
    const { open = this.#open, base } = queue;
    if (offset >= base) return slice(open.start, base, open.of(queue), offset, max);
    for (const sealing of this.#sealing) {
      const taken = sealing.of(queue);
      if (taken !== undefined && offset >= taken.baseOffset && offset < taken.baseOffset + taken.count)
        return slice(sealing.start, taken.baseOffset, taken.gathered, offset, max);
    }
    const segments = this.#segments.all.slice(0, this.#sealedCount());
    return this.#search({ queue, offset, max, segments, low: 0, high: segments.length - 1 });
  }

  /** One past the last offset of a queue whose record lies below log offset `visible`. */
  endOffset(queue: Queue, visible: number): number {
    const { open = this.#open, base } = queue;
    const seen = countBelow(open.of(queue), visible - open.start);
    if (seen > 0 || this.#sealing.length === 0) return base + seen;
    let lowest = base;
    for (let index = this.#sealing.length - 1; index >= 0; index--) {
      const sealing = this.#sealing[index]!;
      const taken = sealing.of(queue);
      if (taken === undefined || taken.count === 0) continue;
      const count = countBelow(taken.gathered, visible - sealing.start);
      if (count > 0) return taken.baseOffset + count;
      lowest = taken.baseOffset;
    }
    return lowest;
  }

  /** Numbers of the topics with messages in a sealed segment. */
  async topicsOf(segment: Segment): Promise<readonly number[]> {
    let topics = this.#topics.get(segment);
    if (topics === undefined) {
      const sealing = this.#sealing.find(({ start }) => start === segment.start);
      topics =
        sealing === undefined
          ? await this.#indexes.use(segment, (index) => index.topics())
          : sealing.topics();
      this.#topics.set(segment, topics);
    }
    return topics;
  }

  /** A queue's next offset at the head of the segment that begins at `segmentStart`. */
  async baseAt(queue: Queue, segmentStart: number): Promise<number> {
    const sealing = this.#sealing.find(({ start }) => start === segmentStart);
    if (sealing !== undefined) return sealing.baseOf(queue);
    const segment = this.#segments.at(segmentStart);
    if (segment === undefined || segmentStart >= this.#open.start) return queue.base;
    const place = await this.#indexes.use(segment, (index) => index.find(queue.topic.number, queue.id));
    return place?.baseOffset ?? 0;
  }

  /** The index of a segment is gone with it. */
  async drop(segment: Segment): Promise<void> {
    for (const sealing of this.#sealing) if (sealing.start === segment.start) this.#forget(sealing);
    await this.#indexes.drop(segment);
  }

  close(): Promise<void> {
    return this.#indexes.close();
  }

  #forget(sealing: SealingSegment): void {
    const at = this.#sealing.indexOf(sealing);
    if (at >= 0) this.#sealing.splice(at, 1);
  }

  /** Segments whose entries are in files only. */
  #sealedCount(): number {
    const all = this.#segments.all;
    const inMemory = this.#sealing[0]?.start ?? this.#open.start;
    let count = all.length;
    while (count > 0 && all[count - 1]!.start >= inMemory) count--;
    return count;
  }

  #search(search: Search): Run | Promise<Run> {
    while (search.low <= search.high) {
      const found = this.#look(search, (search.low + search.high) >> 1);
      if (found instanceof Promise)
        return found.then((arrived) => narrowed(search, arrived) ?? this.#search(search));
      const run = narrowed(search, found);
      if (run !== undefined) return run;
    }
    return this.#searchAll(search);
  }

  /**
   * A rebuilt index may lack a queue and mislead the search: looks everywhere before giving up. What is missing between
   * two segments is a hole if that is all that they miss and an operator gave it up.
   */
  async #searchAll(search: Search): Promise<Run> {
    const { queue, offset, segments } = search;
    let next = 0;
    for (; next < segments.length; next++) {
      const found = await this.#look(search, next);
      if (typeof found !== "string") return found;
      if (found === "before") break;
    }
    if (next === 0)
      throw new LogwheelError(
        "OFFSET_OUT_OF_RANGE",
        `offset ${offset} of queue ${queue.id} of topic ${queue.topic.name} was dropped by retention`,
        { topic: queue.topic.name },
      );
    const around = segments.slice(next - 1, next + 1);
    if (await this.#gaveUp(around))
      return { segmentStart: around[0]!.start, numbers: ONE_HOLE, baseOffset: offset };
    throw new LogwheelError("LOG_CORRUPT", "a damaged part of the log took its index entry");
  }

  async #gaveUp(segments: readonly Segment[]): Promise<boolean> {
    const losses: Loss[] = [];
    for (const segment of segments) {
      const loss = this.#losses.get(segment) ?? (await segment.reading(() => lossOf(segment)));
      this.#losses.set(segment, loss);
      losses.push(loss);
    }
    return losses.includes("given up") && !losses.includes("damaged");
  }

  #look({ segments, queue, offset, max }: Search, at: number): Found | Promise<Found> {
    const segment = segments[at]!;
    return this.#indexes.use(segment, (index) => {
      const place = index.find(queue.topic.number, queue.id);
      return place instanceof Promise
        ? place.then((arrived) => runAt(index, arrived, segment.start, offset, max))
        : runAt(index, place, segment.start, offset, max);
    });
  }
}

function runAt(
  index: SegmentIndex,
  place: Place | undefined,
  segmentStart: number,
  offset: number,
  max: number,
): Found | Promise<Found> {
  if (place === undefined || offset >= place.baseOffset + place.count) return "behind";
  if (offset < place.baseOffset) return "before";
  const numbers = index.entries(place, offset - place.baseOffset, max);
  return numbers instanceof Promise
    ? numbers.then((arrived) => ({ segmentStart, numbers: arrived, baseOffset: offset }))
    : { segmentStart, numbers, baseOffset: offset };
}

/** The run, if it was found in the middle; else the search goes on within closer bounds. */
function narrowed(search: Search, found: Found): Run | undefined {
  const middle = (search.low + search.high) >> 1;
  if (found === "before") search.high = middle - 1;
  else if (found === "behind") search.low = middle + 1;
  else return found;
  return undefined;
}

/** Writes a sealed segment's index file from its records, as far as they are whole. */
export async function writeIndexAgain(files: Files, segment: Segment): Promise<void> {
  const entries = new SalvagedEntries(segment.start);
  await salvage(segment, segment.end, entries);
  await writeSegmentIndex(files, segment.start, entries.queues());
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
