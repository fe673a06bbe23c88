import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";
import type { CheckpointState } from "./checkpoint.js";
import { HEADER_BYTES, RECORD_BYTES_MAX } from "./record.js";
import { type Later, type Scanned, scan, searchBehind } from "./scan.js";
import { firstRecord, type Segment } from "./segment.js";
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
  readonly scannedBytes: number;
  /** Bytes of a torn tail that were cut, and the file that keeps a copy of them. */
  readonly cutBytes: number;
  readonly copy?: string;
}

const COPY_STEP_BYTES = 4 << 20;

/**
 * Finds the end of the log and makes everything before it durable.
 *
 * Bytes that are no record are the end of the log where nothing says that they were once flushed (a torn tail: kept as
 * a copy, zeroed), and damage below the durable mark: then nothing is changed and LOG_CORRUPT is thrown. What lies
 * between the mark and the end is written again and synced, because after a failed sync the page cache can hold bytes
 * that the disk lacks. A crash during recovery leaves work that recovering again does.
 */
export async function recover(
  files: Files,
  segments: Segments,
  checkpoint: CheckpointState | null,
  logger: Logger,
): Promise<Recovered> {
  const known = { mark: checkpoint?.durable ?? 0, epoch: checkpoint?.epoch ?? 0 };
  let segment = segments.last;
  let scanned = segment === undefined ? undefined : await scan(segment);
  if (segment !== undefined && scanned !== undefined && !scanned.opened && segments.all.length > 1) {
    await refuseDamage(segment, firstRecord(segment), scanned, known);
    await segments.dropLast();
    segment = segments.last!;
    scanned = await scan(segment);
  }
  if (segment === undefined || scanned === undefined) return begin(segments, known);
  const { later, mark } = await refuseDamage(segment, scanned.end, scanned, known);
  const cut = scanned.closed ? { bytes: 0 } : await cutTail(files, segment, scanned.end, later);
  await rewrite(segment, Math.max(mark, firstRecord(segment)), scanned.end);
  const recovered: Recovered = {
    end: scanned.end,
    epoch: Math.max(scanned.epoch, known.epoch),
    storedAtMs: scanned.storedAtMs,
    closed: scanned.closed,
    scannedBytes: scanned.end - segment.start,
    cutBytes: cut.bytes,
    ...(cut.copy === undefined ? {} : { copy: cut.copy }),
  };
  logger.info({ ...recovered, durableMark: mark }, "recovered the commit log");
  return recovered;
}

async function begin(segments: Segments, known: { mark: number; epoch: number }): Promise<Recovered> {
  if (known.mark > 0)
    throw new LogwheelError(
      "LOG_CORRUPT",
      `the checkpoint says that the log reaches ${known.mark}, but there is no segment file: restore the folder from a backup, or remove the checkpoint file to start empty`,
    );
  const segment = await segments.add(0);
  return {
    end: firstRecord(segment),
    epoch: known.epoch,
    storedAtMs: 0,
    closed: false,
    scannedBytes: 0,
    cutBytes: 0,
  };
}

/** Throws LOG_CORRUPT if the log once reached durably beyond `end`. */
async function refuseDamage(
  segment: Segment,
  end: number,
  scanned: Scanned,
  known: { mark: number; epoch: number },
): Promise<{ later: Later; mark: number }> {
  const later = await searchBehind(segment, end, Math.max(scanned.epoch, known.epoch));
  const mark = Math.max(known.mark, scanned.mark, later.mark);
  if (mark > end)
    throw new LogwheelError(
      "LOG_CORRUPT",
      `${segment.file.name}: no whole record at log offset ${end}, but the log was flushed up to ${mark} at least: this is damage, not the end of the log. ` +
        `Restore the folder from a backup, or give up what is damaged with --accept-damage ${end}-${Math.max(later.start, end)}`,
    );
  return { later, mark };
}

/** Zeroes what stands behind the end and is not plain stale bytes, after copying it to a file of its own. */
async function cutTail(
  files: Files,
  segment: Segment,
  end: number,
  later: Later,
): Promise<{ bytes: number; copy?: string }> {
  const to = Math.min(segment.end, Math.max(later.end, await tornEnd(segment, end)));
  if (to <= end) return { bytes: 0 };
  const copy = `torn-${String(end).padStart(20, "0")}.bin`;
  if ((await files.list()).includes(copy)) await files.remove(copy);
  const kept = await files.create(copy);
  const zeros = Buffer.alloc(Math.min(COPY_STEP_BYTES, to - end));
  await inSteps(segment, end, to, (bytes, place) => kept.write([bytes], place - end));
  await kept.sync();
  await kept.close();
  await files.syncNames();
  await inSteps(segment, end, to, (bytes, place) =>
    segment.file.write([zeros.subarray(0, bytes.length)], place - segment.start),
  );
  await segment.file.sync();
  return { bytes: to - end, copy };
}

/**
 * Where a record that was being written at `end` would have ended; `end` for a hole, or for a record of the file's
 * former life, which carries another log offset.
 */
async function tornEnd(segment: Segment, end: number): Promise<number> {
  const head = Buffer.alloc(Math.min(HEADER_BYTES, segment.end - end));
  await segment.file.read(head, end - segment.start);
  if (head.every((byte) => byte === 0)) return end;
  if (head.length < HEADER_BYTES) return end + head.length;
  const own = head.readUInt32LE(18) * 2 ** 32 + head.readUInt32LE(14);
  const length = head.readUInt32LE(4);
  if (own !== end && own !== 0) return end;
  return end + (length >= HEADER_BYTES && length <= RECORD_BYTES_MAX ? length : HEADER_BYTES);
}

async function rewrite(segment: Segment, from: number, to: number): Promise<void> {
  if (from < to)
    await inSteps(segment, from, to, (bytes, place) => segment.file.write([bytes], place - segment.start));
  await segment.file.sync();
}

async function inSteps(
  segment: Segment,
  from: number,
  to: number,
  step: (bytes: Buffer, place: number) => Promise<void>,
): Promise<void> {
  const buffer = Buffer.allocUnsafeSlow(Math.min(COPY_STEP_BYTES, to - from));
  for (let place = from; place < to; place += buffer.length) {
    const bytes = buffer.subarray(0, Math.min(buffer.length, to - place));
    await segment.file.read(bytes, place - segment.start);
    await step(bytes, place);
  }
}
