import assert from "node:assert/strict";
import type { Clock } from "../../proto/kernel/clock.js";
import type { LogwheelError } from "../../proto/kernel/errors.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND, RECORD_BYTES_MAX, writeRecord } from "./record.js";
import { SEGMENT_HEADER_BYTES } from "./segment.js";
import type { Segments } from "./segments.js";
import { Slabs } from "./slabs.js";
import { type Flush, type FlushLimits, Writer, type WriterDeps, type WriterMeter } from "./writer.js";

/** Every write begins with a record of this size that carries the durable mark known by then. */
const MARK_PAYLOAD_BYTES = 8;
const MARK_BYTES = HEADER_BYTES + MARK_PAYLOAD_BYTES;
const END_BYTES = HEADER_BYTES;
const EMPTY = Buffer.alloc(0);

/**
 * What a batch may be made of that waits for the next sync: positions, which fall back a little in a power cut, and marks, that are for what
 * follows them (docs/adr/0011).
 */
const FLUSHED_LATER: ReadonlySet<number> = new Set([KIND.cursors, KIND.mark]);

/** What the log needs from the store around it. */
export interface LogDeps {
  readonly segments: Segments;
  readonly clock: Clock;
  readonly flush: Flush;
  readonly limits: FlushLimits;
  readonly segmentBytes: number;
  /** Slabs of 1 MiB that stay in memory for hot reads. */
  readonly slabsKept: number;
  /** A new segment begins: append the snapshot that opens it, now. */
  begun(): void;
  readonly advanced: WriterDeps["advanced"];
  readonly sealed: WriterDeps["sealed"];
  readonly failed: WriterDeps["failed"];
  readonly meter?: WriterMeter;
}

/**
 * The append side of the commit log. Records are encoded straight into slabs, in the turn of the call; the writer puts
 * them on disk behind that.
 *
 * Invariant: a group of records (`more` on all but the last) lies within one segment and one turn.
 */
export class CommitLog {
  readonly epoch: number;
  readonly #deps: LogDeps;
  readonly #slabs: Slabs;
  readonly #writer: Writer;
  /** Of records that belong to no queue: most of its fields are never set. */
  readonly #header: Header = emptyHeader();
  readonly #mark = Buffer.alloc(MARK_PAYLOAD_BYTES);
  #end: number;
  #segmentStart: number;
  #segmentEnd: number;
  #markDue = false;
  #storedAtMs: number;

  /**
   * Goes on at log offset `at.end`: within the last segment, or at the first record of one that is still to be made.
   * Everything below `at.durable` is on disk.
   */
  constructor(deps: LogDeps, at: { end: number; durable: number; epoch: number; storedAtMs: number }) {
    this.#deps = deps;
    this.epoch = at.epoch;
    this.#end = at.end;
    this.#storedAtMs = at.storedAtMs;
    const last = deps.segments.last!;
    const full = at.end > last.end;
    this.#segmentStart = full ? last.end : last.start;
    this.#segmentEnd = full ? last.end + deps.segmentBytes : last.end;
    this.#slabs = new Slabs(deps.slabsKept);
    this.#writer = new Writer(
      {
        ...deps,
        slabs: this.#slabs,
        taken: () => (this.#markDue = true),
      },
      at.durable,
    );
  }

  /** Log offset of the next record. */
  get end(): number {
    return this.#end;
  }

  get visible(): number {
    return this.#writer.visible;
  }

  /** Bytes that wait to be acknowledged. */
  get unsettledBytes(): number {
    return this.#writer.unsettled(this.#end);
  }

  get written(): number {
    return this.#writer.written;
  }

  get durable(): number {
    return this.#writer.durable;
  }

  get failure(): LogwheelError | undefined {
    return this.#writer.failure;
  }

  get behind(): boolean {
    return this.#writer.isBehind(this.#end);
  }

  get slabs(): Slabs {
    return this.#slabs;
  }

  /** Where the segment begins that is being appended to. */
  get segmentStart(): number {
    return this.#segmentStart;
  }

  /** Store time of the latest record, milliseconds; it never falls along the log, whatever the clock does. */
  get storedAtMs(): number {
    return this.#storedAtMs;
  }

  /** Reads the clock for the records to come. Call once per batch. */
  stamp(): void {
    this.#storedAtMs = Math.max(this.#storedAtMs, this.#deps.clock.nowMs());
  }

  /**
   * Makes room for a group of records of so many bytes in all, headers included, in one segment; begins the next
   * segment if it must. The group has to follow in the same turn.
   */
  reserve(bytes: number): void {
    if (this.#end + bytes + MARK_BYTES + END_BYTES > this.#segmentEnd) this.roll();
    if (this.#markDue) this.#appendMark();
    assert(this.#end + bytes + END_BYTES <= this.#segmentEnd, `${bytes} bytes do not fit a segment`);
  }

  /** Whether a group of so many bytes fits every segment, behind the largest snapshot. */
  fits(bytes: number): boolean {
    const rest = this.#deps.segmentBytes - this.snapshotBytesMax - SEGMENT_HEADER_BYTES - 2 * MARK_BYTES;
    return bytes <= Math.min(RECORD_BYTES_MAX, rest - END_BYTES);
  }

  /** What the snapshot that opens a segment may take, headers included. */
  get snapshotBytesMax(): number {
    return Math.floor(this.#deps.segmentBytes / 2);
  }

  /**
   * Appends one record with the body `from[start..end)` and returns its log offset. The caller fills `header` but for
   * length, epoch, log offset and store time, and has reserved room.
   */
  append(header: Header, from: Uint8Array, start: number, end: number): number {
    const bytes = HEADER_BYTES + end - start;
    let slab = this.#slabs.newest;
    if (
      slab === undefined ||
      slab.start + slab.filled !== this.#end ||
      slab.filled + bytes > slab.bytes.length
    )
      slab = this.#slabs.open(this.#end, bytes, this.#writer.written);
    const logOffset = this.#end;
    header.epoch = this.epoch;
    header.logOffset = logOffset;
    header.storedAtMs = this.#storedAtMs;
    writeRecord(slab.bytes, slab.view, slab.filled, header, from, start, end);
    slab.filled += bytes;
    this.#end = logOffset + bytes;
    this.#writer.wake(FLUSHED_LATER.has(header.kind) ? 0 : this.#end);
    return logOffset;
  }

  /** Appends a record that belongs to no queue. */
  appendOther(kind: number, payload: Uint8Array, more = false): number {
    const header = this.#header;
    header.kind = kind;
    header.more = more;
    return this.append(header, payload, 0, payload.length);
  }

  /** Calls `run` when everything below `target`, or all that is appended by now, is acknowledged or has failed. */
  settled(run: (error: LogwheelError | null) => void, target = this.#end): void {
    this.#writer.settled(target, run);
  }

  /** All that is appended by now is wanted on the disk at once. */
  need(): void {
    this.#writer.wake(this.#end);
  }

  /** Calls `run` when all that is appended by now is written, and synced as far as that is needed, or has failed. */
  whenWritten(run: (error: LogwheelError | null) => void): void {
    this.#writer.whenWritten(this.#end, run);
  }

  /** The log can no longer be trusted: whoever waits is told, and nothing is written any more. */
  fail(thrown: unknown): void {
    this.#writer.fail(thrown);
  }

  /** Resolves when all that was appended by now is on disk and synced. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** Ends the segment and begins the next one. */
  roll(): void {
    this.appendOther(KIND.end, EMPTY);
    this.#segmentStart = this.#segmentEnd;
    this.#end = this.#segmentStart + SEGMENT_HEADER_BYTES;
    this.#segmentEnd += this.#deps.segmentBytes;
    this.#markDue = true;
    this.#deps.begun();
  }

  #appendMark(): void {
    this.#markDue = false;
    const durable = this.#writer.durable;
    this.#mark.writeUInt32LE(durable % 2 ** 32, 0);
    this.#mark.writeUInt32LE(Math.floor(durable / 2 ** 32), 4);
    this.appendOther(KIND.mark, this.#mark);
  }
}

/** The durable mark in a mark record's payload. */
export function readMark(payload: Buffer): number {
  return payload.readUInt32LE(4) * 2 ** 32 + payload.readUInt32LE(0);
}
