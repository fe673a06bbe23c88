import { LogwheelError } from "../../proto/kernel/errors.js";
import type { BlockCache } from "./block-cache.js";
import type { CommitLog } from "./commit-log.js";
import { FILE_BLOCK_BYTES } from "./file-blocks.js";
import type { Queue } from "./queue.js";
import { check, emptyHeader, HEADER_BYTES, type Header, KIND, RECORD_AT, readHeader } from "./record.js";
import { gone, type Segment } from "./segment.js";
import type { Segments } from "./segments.js";

/** Which record is meant, and where the index says that it is. */
export interface Wanted {
  readonly queue: Queue;
  readonly queueOffset: number;
  readonly logOffset: number;
  readonly size: number;
}

/** A record in memory: `bytes[at..at + size)`. */
export interface Held {
  readonly bytes: Buffer;
  readonly at: number;
  readonly size: number;
}

/** A record that was found by its log offset, or in the copy there: its content is `bytes[start..end)`. */
export interface FoundRecord {
  readonly header: Header;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

/** A block of a segment file. */
interface Block {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Log offset of its first byte. */
  readonly start: number;
  /** Log offset behind its last byte that belongs to the segment. */
  readonly end: number;
}

/** The largest content that `recent` gives. */
const RECENT_BYTES = 64 << 10;

/** Blocks that may be on their way from the disk when another one is asked for ahead of its time. */
const LOADING_MAX = 32;

/**
 * Reads single records by log offset: from the slabs in memory, else through a cache of blocks of the segment files.
 * What comes from a file is checked: LOG_CORRUPT if it is not the record that is meant, or cannot be read.
 */
export class RecordReader {
  readonly #log: CommitLog;
  readonly #segments: Segments;
  readonly #cache: BlockCache;
  readonly #header: Header = emptyHeader();
  readonly #recentHeader: Header = emptyHeader();
  readonly #recent = Buffer.allocUnsafeSlow(RECENT_BYTES);
  readonly #held: { -readonly [K in keyof Held]: Held[K] } = { bytes: Buffer.alloc(0), at: 0, size: 0 };
  /** The block that was read from last: most records lie in the same one as the record before. */
  #last: Block | undefined;

  constructor(log: CommitLog, segments: Segments, cache: BlockCache) {
    this.#log = log;
    this.#segments = segments;
    this.#cache = cache;
  }

  /** Whether a log offset is in files only. */
  cold(logOffset: number): boolean {
    return logOffset < this.#log.slabs.start;
  }

  /** The record, if it is in memory; valid until the next call, or until the caller awaits something. */
  held(wanted: Wanted): Held | undefined {
    const { logOffset, size } = wanted;
    if (!this.cold(logOffset)) {
      const slab = this.#log.slabs.at(logOffset);
      if (slab !== undefined) return this.#hold(slab.bytes, logOffset - slab.start, size);
    }
    const block = this.#blockAt(logOffset);
    if (block === undefined) return undefined;
    if (logOffset + size > block.end) return this.#heldOverEdge(wanted, block);
    const at = logOffset - block.start;
    this.#check(wanted, block.bytes, block.view, at);
    return this.#hold(block.bytes, at, size);
  }

  /** The record, with the blocks that it lies in. */
  async load(wanted: Wanted): Promise<Held> {
    const { logOffset, size } = wanted;
    const segment = this.#segmentAt(logOffset);
    const first = blockOf(segment, logOffset);
    const last = blockOf(segment, logOffset + size - 1);
    if (last - first > 1 || !this.#settled(segment, last)) return this.loadAlone(wanted);
    let bytes: Buffer;
    try {
      const blocks = [this.#block(segment, first), ...(last > first ? [this.#block(segment, last)] : [])];
      const [head, tail] = await Promise.all(blocks);
      bytes = tail === undefined ? head! : Buffer.concat([head!, tail.subarray(0, size)]);
    } catch (thrown) {
      if (LogwheelError.is(thrown)) throw thrown;
      return this.loadAlone(wanted);
    }
    const at = logOffset - segment.start - first * FILE_BLOCK_BYTES;
    this.#check(wanted, bytes, viewOf(bytes), at);
    return { bytes, at, size };
  }

  /** The record and nothing else. */
  async loadAlone(wanted: Wanted): Promise<Held> {
    const { logOffset, size } = wanted;
    const bytes = await this.#bytes(this.#segmentAt(logOffset), logOffset, size).catch((cause: unknown) => {
      if (LogwheelError.is(cause)) throw cause;
      throw new LogwheelError(
        "LOG_CORRUPT",
        `the record at log offset ${logOffset} cannot be read (${cause instanceof Error ? cause.message : cause})`,
        { cause },
      );
    });
    this.#check(wanted, bytes, viewOf(bytes), 0);
    return { bytes, at: 0, size };
  }

  /** Begins to read the block of a log offset, unless it is in memory, or too many are being read. */
  prefetch(logOffset: number): void {
    if (!this.cold(logOffset) || this.#cache.loading >= LOADING_MAX) return;
    const segment = this.#segments.at(logOffset);
    if (segment === undefined) return;
    const number = blockOf(segment, logOffset);
    if (!this.#settled(segment, number) || this.#cache.has(segment.blocks, number)) return;
    this.#block(segment, number).catch(() => {});
  }

  /**
   * The record at a log offset whose size is not known, for look-ups by id; what a copy holds where one is. Undefined where none
   * begins.
   */
  async find(logOffset: number): Promise<{ held: Held; header: Header } | undefined> {
    const segment = this.#segments.at(logOffset);
    const readable = this.#log.visible - logOffset;
    if (segment === undefined || (readable <= 0 && !this.#isCopy(logOffset))) return undefined;
    const head = await this.#bytes(segment, logOffset, RECORD_AT);
    if (head.length < RECORD_AT) return undefined;
    const size = head.readUInt32LE(4);
    if (size <= RECORD_AT || (readable > 0 && size > readable)) return undefined;
    const bytes = await this.#bytes(segment, logOffset, size);
    const found = foundIn(bytes, viewOf(bytes), 0, logOffset);
    if (found === undefined) return undefined;
    const at = found.start - HEADER_BYTES;
    return { held: { bytes, at, size: size - at }, header: found.header };
  }

  /**
   * The same by whole blocks, for many records in the order of the log; in this turn where it is in memory. Its bytes are the
   * caller's for as long as it wants.
   */
  near(logOffset: number): FoundRecord | undefined | Promise<FoundRecord | undefined> {
    if (logOffset >= this.#log.visible && !this.#isCopy(logOffset)) return undefined;
    const slab = this.cold(logOffset) ? undefined : this.#log.slabs.at(logOffset);
    if (slab !== undefined) return copied(slab.bytes, slab.view, logOffset - slab.start);
    const segment = this.#segments.at(logOffset);
    if (segment === undefined) return undefined;
    const block = this.#blockAt(logOffset);
    if (block !== undefined && wholeIn(block, logOffset))
      return foundIn(block.bytes, block.view, logOffset - block.start, logOffset);
    return this.#nearBlocks(segment, logOffset);
  }

  /** A record of which not all is in memory, or that goes on in the next block. */
  async #nearBlocks(segment: Segment, logOffset: number): Promise<FoundRecord | undefined> {
    const number = blockOf(segment, logOffset);
    if (!this.#settled(segment, number)) return this.#findAlone(logOffset);
    const at = logOffset - segment.start - number * FILE_BLOCK_BYTES;
    const block = await this.#block(segment, number);
    const size = at + RECORD_AT <= block.length ? block.readUInt32LE(at + 4) : 0;
    const missing = at + size - block.length;
    if (size > 0 && missing <= 0) return foundIn(block, viewOf(block), at, logOffset);
    // Where the length itself is cut off, or several blocks are needed, the record is read by itself.
    if (size === 0 || missing > FILE_BLOCK_BYTES || !this.#settled(segment, number + 1))
      return this.#findAlone(logOffset);
    const next = await this.#block(segment, number + 1);
    const bytes = Buffer.concat([block.subarray(at), next.subarray(0, missing)]);
    return foundIn(bytes, viewOf(bytes), 0, logOffset);
  }

  /** The record, if it is in the slabs and not large, in a buffer that the next call uses again. */
  recent(logOffset: number): FoundRecord | undefined {
    if (logOffset >= this.#log.visible) return undefined;
    const slab = this.#log.slabs.at(logOffset);
    if (slab === undefined) return undefined;
    const at = logOffset - slab.start;
    const header = readHeader(slab.view, at, this.#recentHeader);
    const end = header.length - HEADER_BYTES;
    if (end > RECENT_BYTES) return undefined;
    slab.bytes.copy(this.#recent, 0, at + HEADER_BYTES, at + header.length);
    return { header, bytes: this.#recent, start: 0, end };
  }

  async #findAlone(logOffset: number): Promise<FoundRecord | undefined> {
    const found = await this.find(logOffset);
    if (found === undefined) return undefined;
    const { bytes, at } = found.held;
    return { header: found.header, bytes, start: at + HEADER_BYTES, end: bytes.length };
  }

  /** Whether the record in memory at a log offset is a copy: it may be read before it is settled, for what it holds is. */
  #isCopy(logOffset: number): boolean {
    const slab = this.#log.slabs.at(logOffset);
    return (
      slab !== undefined && readHeader(slab.view, logOffset - slab.start, this.#header).kind === KIND.copy
    );
  }

  #hold(bytes: Buffer, at: number, size: number): Held {
    this.#held.bytes = bytes;
    this.#held.at = at;
    this.#held.size = size;
    return this.#held;
  }

  /** A record that goes on in the next block, if that is in memory, too. */
  #heldOverEdge(wanted: Wanted, block: Block): Held | undefined {
    const { logOffset, size } = wanted;
    if (size > FILE_BLOCK_BYTES) return undefined;
    const next = this.#blockAt(block.end);
    if (next === undefined) return undefined;
    const head = block.bytes.subarray(logOffset - block.start);
    const bytes = Buffer.concat([head, next.bytes.subarray(0, size - head.length)]);
    this.#check(wanted, bytes, viewOf(bytes), 0);
    return this.#hold(bytes, 0, size);
  }

  /** The block in memory that holds a log offset. */
  #blockAt(logOffset: number): Block | undefined {
    const last = this.#last;
    if (last !== undefined && logOffset >= last.start && logOffset < last.end) return last;
    const segment = this.#segmentAt(logOffset);
    const number = blockOf(segment, logOffset);
    const bytes = this.#cache.find(segment.blocks, number);
    if (bytes === undefined) return undefined;
    const start = segment.start + number * FILE_BLOCK_BYTES;
    this.#last = { bytes, view: viewOf(bytes), start, end: Math.min(segment.end, start + bytes.length) };
    return this.#last;
  }

  /** A block of a segment, which is not reused meanwhile. */
  #block(segment: Segment, number: number): Promise<Buffer> {
    return segment.reading(async () => this.#cache.get(segment.blocks, number));
  }

  #segmentAt(logOffset: number): Segment {
    const segment = this.#segments.at(logOffset);
    if (segment === undefined) throw gone(logOffset);
    return segment;
  }

  /** Whether a block does not change any more in the segment's file. */
  #settled(segment: Segment, number: number): boolean {
    const end = Math.min(segment.end, segment.start + (number + 1) * FILE_BLOCK_BYTES);
    return end <= this.#log.written;
  }

  async #bytes(segment: Segment, logOffset: number, size: number): Promise<Buffer> {
    const slab = this.#log.slabs.at(logOffset);
    if (slab !== undefined)
      return Buffer.from(slab.bytes.subarray(logOffset - slab.start, logOffset - slab.start + size));
    const bytes = Buffer.allocUnsafeSlow(size);
    const read = await segment.reading(() => segment.file.read(bytes, logOffset - segment.start));
    return bytes.subarray(0, read);
  }

  #check({ queue, queueOffset, logOffset, size }: Wanted, bytes: Buffer, view: DataView, at: number): void {
    const header = this.#header;
    if (check(bytes, view, at, logOffset, header) !== "record")
      throw new LogwheelError("LOG_CORRUPT", `the record at log offset ${logOffset} fails its checksum`);
    if (
      header.length !== size ||
      header.queueOffset !== queueOffset ||
      header.queueId !== queue.id ||
      header.topic !== queue.topic.number
    )
      throw new LogwheelError("LOG_CORRUPT", `another record stands at log offset ${logOffset}`);
  }
}

/** Whether a block holds all of the record that begins at a log offset. */
function wholeIn({ bytes, view, start, end }: Block, logOffset: number): boolean {
  const at = logOffset - start;
  return at + HEADER_BYTES <= bytes.length && logOffset + view.getUint32(at + 4, true) <= end;
}

function foundIn(bytes: Buffer, view: DataView, at: number, logOffset: number): FoundRecord | undefined {
  const header = emptyHeader();
  if (check(bytes, view, at, logOffset, header) !== "record") return undefined;
  return original({ header, bytes, start: at + HEADER_BYTES, end: at + header.length }, view);
}

/** A copy, because slabs are used again. What is in one was written by this process: it needs no check. */
function copied(bytes: Buffer, view: DataView, at: number): FoundRecord {
  const header = readHeader(view, at, emptyHeader());
  const start = at + HEADER_BYTES;
  const content = Buffer.from(bytes.subarray(start, at + header.length));
  return original({ header, bytes: content, start: 0, end: content.length }, viewOf(content));
}

/** The record that a copy holds, which was checked with it; any other record is itself. */
function original(found: FoundRecord, view: DataView): FoundRecord {
  if (found.header.kind !== KIND.copy) return found;
  const header = readHeader(view, found.start, emptyHeader());
  return { ...found, header, start: found.start + HEADER_BYTES };
}

function blockOf(segment: Segment, logOffset: number): number {
  return Math.floor((logOffset - segment.start) / FILE_BLOCK_BYTES);
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
