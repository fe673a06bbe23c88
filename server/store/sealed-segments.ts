import type { Logger } from "../../proto/kernel/logger.js";
import type { BlockCache } from "./block-cache.js";
import type { ConsumeIndex } from "./consume-index.js";
import type { DueIndex } from "./due-index.js";
import type { KeyIndexes } from "./key-indexes.js";
import type { Queue } from "./queue.js";
import type { RecordReader } from "./record-reader.js";
import { readSnapshot } from "./replay.js";
import { firstRecord, type Segment } from "./segment.js";
import type { Segments } from "./segments.js";
import type { State } from "./state.js";
import type { SealedSegment } from "./store-figures.js";

/** What sealed segments are looked after with. */
export interface SealedSegmentsDeps {
  readonly segments: Segments;
  readonly index: ConsumeIndex;
  readonly keys: KeyIndexes;
  readonly due: DueIndex;
  readonly cache: BlockCache;
  readonly records: RecordReader;
  readonly state: State;
  readonly logger: Logger;
  /** Store time of the log's latest record. */
  storedAtMs(): number;
  /** Everything below survives a power cut. */
  durable(): number;
  /** Log offset behind the snapshot that opens the newest segment. */
  openedTo(): number;
}

/** The segments to which nothing is appended any more: their index files, what retention takes of them, and where queues begin. */
export class SealedSegments {
  readonly #deps: SealedSegmentsDeps;
  readonly #listeners = new Set<() => void>();
  #sealing: Promise<void> = Promise.resolve();
  #dropping: Promise<unknown> = Promise.resolve();

  constructor(deps: SealedSegmentsDeps) {
    this.#deps = deps;
  }

  /** All of them, oldest first, and which topics have messages in each. */
  async list(): Promise<SealedSegment[]> {
    await this.#sealing;
    const all = [...this.#deps.segments.all];
    const sealed: SealedSegment[] = [];
    for (const [index, segment] of all.slice(0, -1).entries()) {
      if (segment.lastStoredAtMs === 0) segment.lastStoredAtMs = await this.#firstStoredAt(all[index + 1]!);
      const { start, end, lastStoredAtMs } = segment;
      const topics = await this.#deps.index.topicsOf(segment);
      sealed.push({ end, bytes: end - start, lastStoredAtMs, topics });
    }
    return sealed;
  }

  /** Calls `listener` after a segment was sealed and its index files are written. The returned function ends that. */
  onSealed(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes the index files of a segment that is full and synced, behind those of earlier ones. */
  seal(segment: Segment): void {
    const { index, keys, due, logger, storedAtMs } = this.#deps;
    segment.lastStoredAtMs = storedAtMs();
    this.#sealing = this.#sealing
      .then(async () => {
        await due.seal(segment.end);
        await index.seal(segment);
        await keys.seal(segment);
        for (const listener of this.#listeners) listener();
      })
      .catch((thrown: unknown) => {
        logger.warn(
          { segment: segment.start, error: String(thrown) },
          "writing a segment's index failed; it is made again when it is needed",
        );
      });
  }

  /**
   * Drops the oldest segment, if it is sealed, the next one's opening snapshot is durable (what the log begins with must
   * survive a power cut), and nothing in it is still due. What it holds cannot be read any more.
   */
  dropFirst(): Promise<boolean> {
    const dropped = this.#dropping.then(() => this.#dropFirst());
    this.#dropping = dropped.catch(() => {});
    return dropped;
  }

  /** The queues of a topic begin at the segment that begins at `segmentStart`: what they hold before is expired. */
  async raiseFirstOffsets(topic: number, segmentStart: number): Promise<void> {
    for (const queue of this.#deps.state.topicByNumber(topic)?.queues ?? [])
      queue.firstOffset = Math.max(queue.firstOffset, await this.#deps.index.baseAt(queue, segmentStart));
  }

  /** A queue begins where the oldest segment's snapshot says, or its index where the snapshot is damaged. */
  async refreshFirstOffsets(): Promise<void> {
    const first = this.#deps.segments.first!;
    const snapshot = await readSnapshot(first);
    for (const queue of queuesOf(this.#deps.state)) {
      const before =
        snapshot === undefined
          ? await this.#deps.index.baseAt(queue, first.start)
          : (snapshot.topicByNumber(queue.topic.number)?.queues[queue.id]?.nextOffset ?? 0);
      queue.firstOffset = Math.max(queue.firstOffset, before);
    }
  }

  /** Resolves when what was begun is done. */
  async idle(): Promise<void> {
    await this.#sealing;
    await this.#dropping;
  }

  async #dropFirst(): Promise<boolean> {
    await this.#sealing;
    const { segments, cache, index, keys, due, durable, openedTo } = this.#deps;
    const { all } = segments;
    if (all.length < 2 || (all.length === 2 && durable() < openedTo())) return false;
    if (!(await due.spares(all[0]!.start, all[0]!.end))) return false;
    const segment = await segments.dropFirst();
    cache.drop(segment.blocks);
    await index.drop(segment);
    await keys.drop(segment);
    await this.refreshFirstOffsets();
    return true;
  }

  async #firstStoredAt(segment: Segment): Promise<number> {
    const found = await this.#deps.records.find(firstRecord(segment));
    return found?.header.storedAtMs ?? this.#deps.storedAtMs();
  }
}

/** Every queue of every topic. */
export function* queuesOf(state: State): Generator<Queue> {
  for (const topic of state.topics.values()) yield* topic.queues;
}
