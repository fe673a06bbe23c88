import type { Logger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";
import type { CheckpointState } from "./checkpoint.js";
import { covers, damageFound, fillDamage, keepCopy, rewrite, zero } from "./damage.js";
import { keyIndexName } from "./key-index.js";
import { HEADER_BYTES, type Header, RECORD_BYTES_MAX } from "./record.js";
import { type LogRange, salvage } from "./salvage.js";
import { type Later, type Scanned, scan, searchBehind } from "./scan.js";
import { firstRecord, type Segment } from "./segment.js";
import { segmentIndexName } from "./segment-index.js";
import type { Segments } from "./segments.js";

/** What recovery found and did; said aloud at start. */
export interface Recovered {
  /** Log offset where the log goes on. */
  readonly end: number;
  /** Highest log epoch on disk; the next one is for this start. */
  readonly epoch: number;
  /** Store time of the last record, milliseconds. */
  readonly storedAtMs: number;
  /** The last segment is closed: the log goes on in a new one. */
  readonly closed: boolean;
  /** The last segment misses records that an operator gave up: what follows from it alone is not everything. */
  readonly gaveUp: boolean;
  /** The last segment begins with a whole snapshot. */
  readonly opened: boolean;
  readonly scannedBytes: number;
  /** Bytes of a torn tail that were cut, and the file that keeps a copy of them. */
  readonly cutBytes: number;
  readonly copy?: string;
}

/** What recovery works on. */
export interface RecoveryDeps {
  readonly files: Files;
  readonly segments: Segments;
  readonly checkpoint: CheckpointState | null;
  /** Log offset up to which the log was durable as views of it bear witness; 0 if there are none. */
  readonly witness: number;
  readonly logger: Logger;
  /** Damage in this range is given up instead of refused. */
  readonly accepted: LogRange | undefined;
}

/** How far behind a bad place a crash can have left whole records: what may be unflushed (positions of groups at most `flushBytes`), and room. */
const SEARCH_BYTES = 96 << 20;

/** What is known of a log before it is read. */
export interface Known {
  /** Log offset up to which it was once durable. */
  readonly mark: number;
  /** Highest log epoch that was seen. */
  readonly epoch: number;
  /** Nothing was written behind the mark. */
  readonly clean: boolean;
}

/** What a checkpoint knows, and a witness of how far the log was durable. */
export function knownBy(checkpoint: CheckpointState | null, witness: number): Known {
  const { durable, epoch, clean } = checkpoint ?? { durable: 0, epoch: 0, clean: false };
  return { mark: Math.max(durable, witness), epoch, clean: clean && witness <= durable };
}

/** The last segment as it was found, with what is known of the log beyond it. */
export interface Tail {
  readonly segment: Segment;
  readonly scanned: Scanned;
  readonly later: Later;
  /** Log offset up to which the log was once durable. */
  readonly mark: number;
  /** Highest log epoch that was seen. */
  readonly epoch: number;
  /** Nothing was written behind the last record. */
  readonly ended: boolean;
}

/**
 * Finds the end of the log and makes everything before it durable.
 *
 * Bytes that are no record are the end of the log where nothing says that they were once flushed (a torn tail: kept as
 * a copy, zeroed), and damage below the durable mark: then nothing is changed and LOG_CORRUPT is thrown, unless an
 * operator gave that range up. What lies between the mark and the end is written again and synced, because after a
 * failed sync the page cache can hold bytes that the disk lacks. A crash during recovery leaves work that recovering
 * again does.
 */
export async function recover(deps: RecoveryDeps): Promise<Recovered> {
  const known = knownBy(deps.checkpoint, deps.witness);
  await giveUpSealed(deps);
  const tail = await settleTail(deps, known);
  if (tail === undefined) return begin(deps, known);
  const { segment, scanned } = tail;
  const cut = await cutTail(deps.files, tail);
  await rewrite(segment, { from: Math.max(tail.mark, firstRecord(segment)), to: scanned.end });
  const recovered: Recovered = {
    end: scanned.end,
    epoch: tail.epoch,
    storedAtMs: scanned.storedAtMs,
    closed: scanned.closed,
    gaveUp: scanned.gaveUp,
    opened: scanned.opened,
    scannedBytes: scanned.end - segment.start,
    cutBytes: 0,
    ...cut,
  };
  deps.logger.info({ ...recovered, durableMark: tail.mark }, "recovered the commit log");
  return recovered;
}

/** Looks at the last segment until it can be built on: what never became part of the log is taken back, what was given up is filled. */
async function settleTail(deps: RecoveryDeps, { clean, ...known }: Known): Promise<Tail | undefined> {
  for (let { mark, epoch } = known; ; ) {
    const segment = deps.segments.last;
    if (segment === undefined) return undefined;
    const tail = await lookAt(segment, { mark, epoch, clean });
    ({ mark, epoch } = tail);
    if (mark > tail.scanned.end) {
      if (!(await giveUp(deps, tail))) return tail;
    } else if (tail.scanned.opened || tail.scanned.gaveUp || deps.segments.all.length === 1) return tail;
    else await deps.segments.dropLast();
  }
}

/** Looks at a log's last segment. Changes nothing. */
export async function lookAt(segment: Segment, known: Known): Promise<Tail> {
  const scanned = await scan(segment);
  const { stopped: from, closed, epoch } = scanned;
  const ended = closed || (known.clean && known.mark === from);
  const later = await searchBehind(segment, { from, to: ended ? from : from + SEARCH_BYTES, epoch });
  return {
    segment,
    scanned,
    later,
    ended,
    mark: Math.max(known.mark, scanned.mark, later.mark),
    epoch: Math.max(known.epoch, scanned.epoch, later.epoch),
  };
}

/**
 * Fills the first bad place of the last segment, if an operator gave it up, and throws LOG_CORRUPT if not. False when
 * there is nothing to fill, because all of what is missing lay behind the segment.
 */
async function giveUp({ files, accepted, logger }: RecoveryDeps, tail: Tail): Promise<boolean> {
  const { segment, scanned, later, mark } = tail;
  const from = scanned.stopped;
  const range = { from, to: later.start > from ? Math.min(later.start, mark) : mark };
  if (!covers(accepted, range))
    throw damageFound(
      `${files.path}/${segment.name}`,
      `no whole record at log offset ${from}, but the log was flushed up to ${mark} at least: this is damage, not the end of the log`,
      range,
    );
  logger.warn(range, "records in a damaged range are lost, as an operator accepted");
  if (scanned.closed || from >= segment.end) return false;
  const filled = { from, to: Math.min(range.to, segment.end) };
  await keepCopy(files, "damaged", segment, filled);
  await fillDamage(segment, filled, scanned);
  return true;
}

/** Fills the bad places of sealed segments that an operator gave up: readers pass over them from now on. */
async function giveUpSealed({ files, segments, accepted, logger }: RecoveryDeps): Promise<void> {
  if (accepted === undefined) return;
  for (const segment of segments.all.slice(0, -1)) {
    if (segment.end <= accepted.from || segment.start >= accepted.to) continue;
    const ranges: LogRange[] = [];
    await salvage(segment, segment.end, { record() {}, damage: (range) => void ranges.push(range) });
    const given = ranges.filter((range) => covers(accepted, range));
    for (const range of given) {
      logger.warn(range, "records in a damaged range are lost, as an operator accepted");
      await keepCopy(files, "damaged", segment, range);
      await fillDamage(segment, range, await before(segment, range.from));
    }
    if (given.length > 0) await removeSideFiles(files, segment);
  }
}

/** What the last record before a place says. */
async function before(segment: Segment, place: number): Promise<{ epoch: number; storedAtMs: number }> {
  const found = { epoch: 0, storedAtMs: 0 };
  const record = ({ epoch, storedAtMs }: Header): void => void Object.assign(found, { epoch, storedAtMs });
  await salvage(segment, place, { record, damage() {} });
  return found;
}

/** They were made from the damaged segment, and are made again when they are asked for. */
async function removeSideFiles(files: Files, segment: Segment): Promise<void> {
  const own = [segmentIndexName(segment.start), keyIndexName(segment.start)];
  for (const name of await files.list()) if (own.includes(name)) await files.remove(name);
}

async function begin({ files, segments, accepted }: RecoveryDeps, known: Known): Promise<Recovered> {
  if (known.mark > 0 && !covers(accepted, { from: 0, to: known.mark }))
    throw damageFound(
      files.path,
      `the checkpoint says that the log reaches ${known.mark}, but there is no segment file`,
      { from: 0, to: known.mark },
    );
  const segment = await segments.add(0);
  return {
    end: firstRecord(segment),
    epoch: known.epoch,
    storedAtMs: 0,
    closed: false,
    gaveUp: false,
    opened: false,
    scannedBytes: 0,
    cutBytes: 0,
  };
}

/** Zeroes what stands behind the end and is not plain stale bytes, after copying it to a file of its own. */
async function cutTail(files: Files, tail: Tail): Promise<{ cutBytes: number; copy: string } | undefined> {
  const range = await tornRange(tail);
  if (range === undefined) return undefined;
  const copy = await keepCopy(files, "torn", tail.segment, range);
  await zero(tail.segment, range);
  return { cutBytes: range.to - range.from, copy };
}

/** What stands behind the end of the log and is not plain stale bytes. */
export async function tornRange({ segment, scanned, later, ended }: Tail): Promise<LogRange | undefined> {
  if (ended) return undefined;
  const torn = await tornEnd(segment, scanned.stopped);
  const range = { from: scanned.end, to: Math.min(segment.end, Math.max(scanned.stopped, later.end, torn)) };
  return range.to > range.from ? range : undefined;
}

/**
 * Where a record that was being written at `end` would have ended; `end` for a hole, or for bytes of the file's former
 * life, which carry another log offset or none.
 */
async function tornEnd(segment: Segment, end: number): Promise<number> {
  const head = Buffer.alloc(Math.min(HEADER_BYTES, segment.end - end));
  await segment.file.read(head, end - segment.start);
  if (head.every((byte) => byte === 0)) return end;
  const headEnd = end + head.length;
  if (head.length < HEADER_BYTES) return headEnd;
  const own = head.readUInt32LE(18) * 2 ** 32 + head.readUInt32LE(14);
  const length = head.readUInt32LE(4);
  if (own === end && length >= HEADER_BYTES && length <= RECORD_BYTES_MAX) return end + length;
  const unfinished = head.readUInt32LE(HEADER_BYTES - 4) === 0;
  return own === end || unfinished ? headEnd : end;
}
