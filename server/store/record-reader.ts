import { LogwheelError } from "../../proto/kernel/errors.js";
import type { BlockCache } from "./block-cache.js";
import type { CommitLog } from "./commit-log.js";
import { FILE_BLOCK_BYTES } from "./file-blocks.js";
import { check, emptyHeader, type Header, RECORD_AT } from "./record.js";
import type { Segment } from "./segment.js";
import type { Segments } from "./segments.js";

/** A record in memory: `bytes[at..at + length)`, valid until the caller awaits something. */
export interface Held {
  readonly bytes: Buffer;
  readonly at: number;
}

/**
 * Reads single records by log offset: from the slabs in memory, else through a cache of blocks of the segment files.
 * What comes from a file is checked; LOG_CORRUPT if it fails.
 */
export class RecordReader {
  readonly #log: CommitLog;
  readonly #segments: Segments;
  readonly #cache: BlockCache;
  readonly #header: Header = emptyHeader();

  constructor(log: CommitLog, segments: Segments, cache: BlockCache) {
    this.#log = log;
    this.#segments = segments;
    this.#cache = cache;
  }

  /** The record of `size` bytes at a log offset; at once if it is in memory. */
  read(logOffset: number, size: number): Held | Promise<Held> {
    const slab = this.#log.slabs.at(logOffset);
    if (slab !== undefined) return { bytes: slab.bytes, at: logOffset - slab.start };
    const segment = this.#segments.at(logOffset);
    if (segment === undefined) throw gone(logOffset);
    const position = logOffset - segment.start;
    const number = Math.floor(position / FILE_BLOCK_BYTES);
    const inside = position - number * FILE_BLOCK_BYTES;
    if (
      inside + size > FILE_BLOCK_BYTES ||
      segment.start + (number + 1) * FILE_BLOCK_BYTES > this.#settledEnd(segment)
    )
      return this.#readAlone(segment, logOffset, size);
    const block = this.#cache.get(segment.blocks, number);
    if (block instanceof Promise)
      return segment.reading(() => block).then((bytes) => this.#checked(bytes, inside, logOffset));
    return this.#checked(block, inside, logOffset);
  }

  /** The record at a log offset whose size is not known, for look-ups by id. Undefined where none begins. */
  async find(logOffset: number): Promise<{ held: Held; header: Header } | undefined> {
    const segment = this.#segments.at(logOffset);
    if (segment === undefined || logOffset >= this.#log.visible) return undefined;
    const head = await this.#bytes(segment, logOffset, RECORD_AT);
    const length = head.readUInt32LE(4);
    if (length <= RECORD_AT || length > this.#log.visible - logOffset) return undefined;
    const bytes = await this.#bytes(segment, logOffset, length);
    const header = emptyHeader();
    if (check(bytes, viewOf(bytes), 0, logOffset, header) !== "record") return undefined;
    return { held: { bytes, at: 0 }, header };
  }

  /** Bytes below this do not change any more in the segment's file. */
  #settledEnd(segment: Segment): number {
    return Math.min(segment.end, this.#log.written);
  }

  async #readAlone(segment: Segment, logOffset: number, size: number): Promise<Held> {
    return this.#checked(await this.#bytes(segment, logOffset, size), 0, logOffset);
  }

  async #bytes(segment: Segment, logOffset: number, size: number): Promise<Buffer> {
    const slab = this.#log.slabs.at(logOffset);
    if (slab !== undefined)
      return Buffer.from(slab.bytes.subarray(logOffset - slab.start, logOffset - slab.start + size));
    const bytes = Buffer.allocUnsafeSlow(size);
    const read = await segment.reading(() => segment.file.read(bytes, logOffset - segment.start));
    return bytes.subarray(0, read);
  }

  #checked(bytes: Buffer, at: number, logOffset: number): Held {
    if (check(bytes, viewOf(bytes), at, logOffset, this.#header) !== "record")
      throw new LogwheelError("LOG_CORRUPT", `the record at log offset ${logOffset} fails its checksum`);
    return { bytes, at };
  }
}

const views = new WeakMap<Buffer, DataView>();

function viewOf(bytes: Buffer): DataView {
  let view = views.get(bytes);
  if (view === undefined) {
    view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    views.set(bytes, view);
  }
  return view;
}

function gone(logOffset: number): LogwheelError {
  return new LogwheelError("OFFSET_OUT_OF_RANGE", `log offset ${logOffset} was dropped by retention`);
}
