import { LogwheelError } from "../../proto/kernel/errors.js";
import { keysOf } from "../../proto/kernel/message-codec.js";
import { Checkpointer } from "./checkpointer.js";
import { CommitLog } from "./commit-log.js";
import type { ConsumeIndex } from "./consume-index.js";
import { Due } from "./due.js";
import { DueIndex } from "./due-index.js";
import type { KeyIndexes } from "./key-indexes.js";
import { Lookup } from "./lookup.js";
import { appendSnapshot } from "./opening-snapshot.js";
import { cursorChange, type MovedCursor, type OwnMessage } from "./own-records.js";
import { claim } from "./owner.js";
import type { Queue } from "./queue.js";
import { QueueReader, type ReadLimits, type RecordSink } from "./queue-reader.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND } from "./record.js";
import { RecordReader } from "./record-reader.js";
import type { Recovered } from "./recovery.js";
import { NO_INDEX, replay } from "./replay.js";
import { queuesOf, SealedSegments } from "./sealed-segments.js";
import { firstRecord, SEGMENT_HEADER_BYTES } from "./segment.js";
import type { Segments } from "./segments.js";
import { type GroupChange, State, type TopicChange } from "./state.js";
import { figuresOf, type StoreFigures } from "./store-figures.js";
import type { StoreOptions } from "./store-options.js";
import { openParts, type StoreParts } from "./store-parts.js";
import { FLUSH_LIMITS } from "./writer.js";

const SLABS_KEPT = 32;
const CACHE_BYTES = 32 << 20;
const DUE_CHANGES_KEPT = 131_072;

/**
 * The log and its views: keeps records in order and answers reads. Knows no time of its own, no network, no rights.
 *
 * Everything is appended synchronously, in the turn of the call, and reduced into the views in the same turn; `settled`
 * tells when it is as durable as the flush mode promises.
 */
export class Store {
  readonly state: State;
  readonly recovered: Recovered;
  readonly #options: StoreOptions;
  /** Finds single messages. */
  readonly lookup: Lookup;
  /** What is stored and happens later. */
  readonly due: Due;
  /** The segments that are full. */
  readonly sealed: SealedSegments;
  readonly #segments: Segments;
  readonly #checkpointer: Checkpointer;
  readonly #log: CommitLog;
  readonly #index: ConsumeIndex;
  readonly #keys: KeyIndexes;
  readonly #reader: QueueReader;
  readonly #dueIndex: DueIndex;
  readonly #listeners = new Set<() => void>();
  /** Log offset behind the newest opening snapshot. */
  #openedTo = 0;
  #closed = false;

  private constructor(options: StoreOptions, parts: StoreParts) {
    this.#options = options;
    this.#segments = parts.segments;
    this.#index = parts.index;
    this.#keys = parts.keys;
    this.state = parts.state;
    this.recovered = parts.recovered;
    const last = parts.segments.last!;
    this.#log = new CommitLog(
      {
        segments: parts.segments,
        clock: options.clock,
        flush: options.flush,
        limits: { ...FLUSH_LIMITS, ...options },
        segmentBytes: options.segmentBytes,
        slabsKept: options.slabsKept ?? SLABS_KEPT,
        begun: () => this.#begun(),
        advanced: () => this.#advanced(),
        sealed: (segment) => this.sealed.seal(segment),
        failed: (error) => this.#failed(error),
        ...(options.meter === undefined ? {} : { meter: options.meter }),
      },
      {
        end: parts.recovered.closed ? last.end + SEGMENT_HEADER_BYTES : parts.recovered.end,
        durable: parts.recovered.end,
        epoch: parts.recovered.epoch + 1,
        storedAtMs: parts.recovered.storedAtMs,
      },
    );
    const records = new RecordReader(this.#log, parts.segments, parts.cache);
    this.#reader = new QueueReader(this.#log, parts.index, records, options);
    this.lookup = new Lookup({
      records,
      reader: this.#reader,
      keys: parts.keys,
      endOffset: (queue) => this.endOffset(queue),
      placeOf: (origin) => this.#dueIndex.placeOf(origin),
    });
    this.#dueIndex = new DueIndex({
      ...parts.due,
      changesKept: options.dueChangesKept ?? DUE_CHANGES_KEPT,
      durable: () => this.#log.durable,
      start: () => this.#segments.all[0]!.start,
      failed: (thrown) => this.#viewsFailed(thrown),
    });
    this.due = new Due(this.#log, this.state, this.#dueIndex, (...of) => this.#keyed(...of));
    this.sealed = new SealedSegments({
      ...parts,
      due: this.#dueIndex,
      records,
      logger: options.logger,
      storedAtMs: () => this.#log.storedAtMs,
      durable: () => this.#log.durable,
      openedTo: () => this.#openedTo,
    });
    this.#checkpointer = new Checkpointer({
      checkpoint: parts.checkpoint,
      clock: options.clock,
      state: () => ({ durable: this.#log.durable, epoch: this.epoch, clean: false }),
      failed: (thrown) => this.#log.fail(thrown),
    });
  }

  /** Takes the folder, recovers what is in it, and begins a new log epoch. Throws LogwheelError; the folder is free again then. */
  static async open(options: StoreOptions): Promise<Store> {
    const { files, owner, cacheBytes = CACHE_BYTES } = options;
    await files.lock();
    let store: Store;
    try {
      if (owner !== undefined) await claim(files, owner);
      store = new Store(options, await openParts(files, { ...options, cacheBytes }));
    } catch (thrown) {
      await files.unlock();
      throw thrown;
    }
    try {
      await store.#begin();
      return store;
    } catch (thrown) {
      await store.#release(false).catch(() => {});
      throw thrown;
    }
  }

  async #begin(): Promise<void> {
    await this.#checkpointer.start();
    this.#log.stamp();
    const { closed, end, gaveUp } = this.recovered;
    if (closed) this.#begun();
    else if (end === firstRecord(this.#segments.last!)) this.#appendSnapshot();
    else if (gaveUp) this.#log.roll();
    this.#log.reserve(HEADER_BYTES);
    this.#log.appendOther(KIND.epoch, Buffer.alloc(0));
    await this.#log.flush();
    await this.sealed.refreshFirstOffsets();
  }

  /** Log epoch: raised at every start. */
  get epoch(): number {
    return this.#log.epoch;
  }

  /** Log offset of the next record. */
  get logEnd(): number {
    return this.#log.end;
  }

  /** Everything below this log offset is acknowledged. */
  get visible(): number {
    return this.#log.visible;
  }

  /** Bytes accepted and not acknowledged yet; positions of groups do not count. */
  get unsettledBytes(): number {
    return this.#log.unsettledBytes;
  }

  /** Whether flushing lags so far behind that nothing more should be accepted. */
  get behind(): boolean {
    return this.#log.behind;
  }

  /** Whether dropped segments are kept as files for those to come, or removed, on a disk that is short. */
  async keepSpares(kept: boolean): Promise<void> {
    if (!this.#closed) await this.#segments.keepSpares(kept);
  }

  /** Whether topics, groups and cursors take as much as they may: a snapshot has to fit half a segment. */
  get crowded(): boolean {
    return this.state.weight > this.#log.snapshotBytesMax / 2;
  }

  /** Why nothing is stored any more, if so. */
  get failure(): LogwheelError | undefined {
    return this.#log.failure;
  }

  /** Log offsets and files, for people and metrics. */
  get figures(): StoreFigures {
    return figuresOf(this.#log, this.#segments, this.#options.segmentBytes);
  }

  /** Reads the clock for what is appended next; call once per batch. */
  stamp(): void {
    this.#log.stamp();
  }

  /** Whether messages of so many bytes in all, with their headers, can be one group. */
  fits(bytes: number): boolean {
    return this.#log.fits(bytes);
  }

  /** Room for a group of messages of so many bytes in all, each with HEADER_BYTES; it has to follow in this turn. */
  reserve(bytes: number): void {
    if (this.#log.failure !== undefined) throw this.#log.failure;
    this.#log.reserve(bytes);
  }

  /**
   * Appends the message `bytes[start..end)` to a queue, as it was sent; returns its log offset. The caller has reserved
   * room and filled `header`: more, keyed, stands, tagHash, keyHash, producerId, sequence.
   */
  append(queue: Queue, header: Header, bytes: Buffer, start: number, end: number): number {
    header.kind = KIND.message;
    header.joined = false;
    header.topic = queue.topic.number;
    header.queueId = queue.id;
    header.queueOffset = queue.nextOffset;
    const logOffset = this.#log.append(header, bytes, start, end);
    this.state.message(queue, header);
    this.#index.add(queue, header, logOffset - this.#log.segmentStart);
    if (header.keyed) this.#keyed(header, bytes, start, end);
    return logOffset;
  }

  #keyed(header: Header, bytes: Buffer, start: number, end: number): void {
    this.#keys.add(header.topic, keysOf(bytes, start, end), header.logOffset - this.#log.segmentStart);
  }

  /** Calls `run` once everything appended so far is written (async flush) or flushed (sync), or has failed. */
  settled(run: (error: LogwheelError | null) => void): void {
    this.#log.settled(run);
  }

  /** Calls `run` once all that was appended is written, or failed: a kill leaves it, a power cut does but for positions. */
  whenWritten(run: (error: LogwheelError | null) => void): void {
    this.#log.whenWritten(run);
  }

  /** Settled as a promise, up to the newest so many bytes; rejects with STORE_FAILED. */
  whenSettled(butBytes = 0): Promise<void> {
    return new Promise((resolve, reject) =>
      this.#log.settled((error) => (error === null ? resolve() : reject(error)), this.#log.end - butBytes),
    );
  }

  /** Resolves when everything appended by now survives a power cut. */
  whenDurable(): Promise<void> {
    return this.#log.flush();
  }

  /** Records a topic as it is from now on. Settled later. */
  appendTopic(change: TopicChange): void {
    this.#appendChange(KIND.topic, change);
  }

  /** Records a group as it is from now on. Settled later. */
  appendGroup(change: GroupChange): void {
    this.#appendChange(KIND.group, change);
  }

  /** Records how far groups have come. A power cut may take it within `flushMs`, but not a group's first place in a queue (ADR 11). */
  appendCursors(changes: readonly MovedCursor[]): void {
    const begins = changes.some(({ group, queue }) => !group.cursors.has(queue));
    this.#appendChange(KIND.cursors, changes.map(cursorChange));
    if (begins) this.#log.need();
  }

  /**
   * The same together with messages of the broker's own, as one group of records: a crash leaves all of it or nothing. Throws
   * MESSAGE_TOO_LARGE, and appends nothing, if that does not fit the log at once.
   */
  appendWithCursors(messages: readonly OwnMessage[], changes: readonly MovedCursor[]): void {
    const change = changes.map(cursorChange);
    const payload = Buffer.from(JSON.stringify(change));
    const bytes = messages.reduce((sum, own) => sum + HEADER_BYTES + own.bytes.length, 0);
    this.#makeRoom(bytes + HEADER_BYTES + payload.length);
    for (const { queue, bytes, ...rest } of messages)
      this.append(queue, Object.assign(emptyHeader(), rest, { more: true }), bytes, 0, bytes.length);
    this.#log.appendOther(KIND.cursors, payload);
    this.state.reduce(KIND.cursors, change);
  }

  /** One past the last offset of a queue that consumers may see: flushed in sync mode, written in async mode. */
  endOffset(queue: Queue): number {
    return this.#index.endOffset(queue, this.#log.visible);
  }

  /** Undefined if messages from `offset` on may be read now, else resolves when they may. See `QueueReader`. */
  turn(queue: Queue, offset: number): Promise<void> | undefined {
    return this.#reader.turn(queue, offset);
  }

  /** Hands visible messages from `offset` on to `sink`, in order; returns the offset to go on from. See `QueueReader`. */
  read(queue: Queue, offset: number, limits: ReadLimits, sink: RecordSink): number | Promise<number> {
    return this.#reader.read(queue, offset, limits, sink);
  }

  /**
   * What replaying the log adds up to, from the start of each segment. Every one of them must equal `state`: a suffix of
   * segments is a complete history. For verification; everything appended must be settled.
   */
  async replays(): Promise<State[]> {
    const states: State[] = [];
    const all = this.#segments.all;
    for (const from of all.keys()) {
      const state = new State();
      for (const segment of all.slice(from)) await replay(segment, this.#log.visible, state, NO_INDEX);
      states.push(state);
    }
    return states;
  }

  /** Calls `listener` after `endOffset` may have risen or `behind` ended, once per write or sync. The returned function ends that. */
  onVisible(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Writes and syncs all that was appended and frees the folder. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#reader.close();
    await this.#checkpointer.stop();
    const failed = await this.#log.flush().catch(() => true);
    await this.#release(failed !== true);
  }

  /** Closes everything and frees the folder; rejects at the end with the first failure on the way. */
  async #release(flushed: boolean): Promise<void> {
    await this.sealed.idle();
    const failures: unknown[] = [];
    for (const close of [
      () => this.#checkpointer.end(flushed),
      () => this.#index.close(),
      () => this.#keys.close(),
      () => this.#dueIndex.close(flushed ? this.#log.durable : undefined),
      () => this.#segments.close(),
      () => this.#options.files.unlock(),
    ])
      await close().catch((thrown: unknown) => failures.push(thrown));
    if (failures.length > 0) throw failures[0];
  }

  #appendChange(kind: number, change: unknown): void {
    const payload = Buffer.from(JSON.stringify(change));
    this.#makeRoom(HEADER_BYTES + payload.length);
    this.#log.appendOther(kind, payload);
    this.state.reduce(kind, change);
  }

  #makeRoom(bytes: number): void {
    if (!this.#log.fits(bytes))
      throw new LogwheelError("MESSAGE_TOO_LARGE", `a change of ${bytes} bytes does not fit the log at once`);
    this.#log.stamp();
    this.reserve(bytes);
  }

  #begun(): void {
    this.#index.begin(this.#log.segmentStart, queuesOf(this.state));
    this.#keys.begin(this.#log.segmentStart);
    this.#dueIndex.begun(this.#log.segmentStart);
    this.#appendSnapshot();
  }

  #appendSnapshot(): void {
    this.#openedTo = appendSnapshot(this.#log, this.state);
  }

  #advanced(): void {
    this.#dueIndex.advanced();
    for (const listener of this.#listeners) listener();
  }

  /** What cannot be kept beside the log would be missing after a crash: the log ends here, and the next start mends it. */
  #viewsFailed(cause: unknown): LogwheelError {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const error = new LogwheelError("STORE_FAILED", `keeping the due index failed: ${reason}`, { cause });
    this.#log.fail(error);
    return error;
  }

  #failed(error: LogwheelError): void {
    void this.#checkpointer.stop();
    this.#options.logger.error({ error: error.message }, "the commit log failed: nothing is stored any more");
    this.#options.failed?.(error);
    this.#advanced();
  }
}
