import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import { emptyHeader, HEADER_BYTES, KIND, RECORD_BYTES_MAX, writeRecord } from "./record.js";
import type { LogRange } from "./salvage.js";
import type { Segment } from "./segment.js";

const COPY_STEP_BYTES = 4 << 20;
const ZEROS = Buffer.alloc(RECORD_BYTES_MAX);

/** The refusal to start on a damaged log: what, where, and what an operator can do. */
export function damageFound(where: string, what: string, range: LogRange): LogwheelError {
  return new LogwheelError(
    "LOG_CORRUPT",
    `${where}: ${what}. Restore the folder from a backup, or give up what is damaged with --accept-damage ${range.from}-${range.to}`,
  );
}

/** Whether an operator gave up at least this range. */
export function covers(accepted: LogRange | undefined, range: LogRange): boolean {
  return accepted !== undefined && accepted.from <= range.from && range.to <= accepted.to;
}

/** For example `torn-00000000000000004096.bin`; numbered where that is taken. */
async function freeName(files: Files, kind: string, from: number): Promise<string> {
  const names = new Set(await files.list());
  const stem = `${kind}-${String(from).padStart(20, "0")}`;
  for (let number = 1; ; number++) {
    const name = number === 1 ? `${stem}.bin` : `${stem}-${number}.bin`;
    if (!names.has(name)) return name;
  }
}

/** Keeps a durable copy of a range of a segment, as it is now, in a file beside it; returns the file's name. */
export async function keepCopy(
  files: Files,
  kind: "torn" | "damaged",
  segment: Segment,
  { from, to }: LogRange,
): Promise<string> {
  const name = await freeName(files, kind, from);
  const copy = await files.create(name);
  try {
    await inSteps(segment, { from, to }, (bytes, place) => copy.write([bytes], place - from));
    await copy.sync();
  } finally {
    await copy.close();
  }
  await files.syncNames();
  return name;
}

/**
 * Fills a range with records that stand for what was there, so that a scan comes to the records behind it. A range up to
 * the segment's end closes the segment. Durable.
 */
export async function fillDamage(
  segment: Segment,
  { from, to }: LogRange,
  like: { epoch: number; storedAtMs: number },
): Promise<void> {
  const closing = to > segment.end - HEADER_BYTES;
  const filledTo = closing ? lastRoom(segment, from) : to;
  for (let place = from; place < filledTo; place += pieceOf(filledTo - place))
    await fill(segment, place, pieceOf(filledTo - place), { ...like, kind: KIND.damage });
  if (closing) await fill(segment, filledTo, HEADER_BYTES, { ...like, kind: KIND.end });
  await segment.file.sync();
}

/** Behind the one record that says that the rest is lost, if there is room for it and for an end record. */
function lastRoom(segment: Segment, from: number): number {
  return from + 2 * HEADER_BYTES <= segment.end ? from + HEADER_BYTES : from;
}

/** Bytes of the next record of so many to fill: what is left over must have room for a record. */
function pieceOf(bytes: number): number {
  if (bytes <= RECORD_BYTES_MAX) return bytes;
  return Math.min(RECORD_BYTES_MAX, bytes - HEADER_BYTES);
}

async function fill(
  segment: Segment,
  logOffset: number,
  length: number,
  like: { kind: number; epoch: number; storedAtMs: number },
): Promise<void> {
  const bytes = Buffer.allocUnsafeSlow(length);
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  const { kind, epoch, storedAtMs } = like;
  const header = { ...emptyHeader(), kind, epoch, storedAtMs, logOffset };
  writeRecord(bytes, view, 0, header, ZEROS, 0, length - HEADER_BYTES);
  await segment.file.write([bytes], logOffset - segment.start);
}

/** Writes zeros over a range of a segment. Durable. */
export async function zero(segment: Segment, { from, to }: LogRange): Promise<void> {
  for (let place = from; place < to; place += COPY_STEP_BYTES)
    await segment.file.write(
      [ZEROS.subarray(0, Math.min(COPY_STEP_BYTES, to - place))],
      place - segment.start,
    );
  await segment.file.sync();
}

/** Writes a range of a segment again as it is, durably: after a failed sync the page cache may hold what the disk lacks. */
export async function rewrite(segment: Segment, { from, to }: LogRange): Promise<void> {
  await inSteps(segment, { from, to }, (bytes, place) => segment.file.write([bytes], place - segment.start));
  await segment.file.sync();
}

async function inSteps(
  segment: Segment,
  { from, to }: LogRange,
  step: (bytes: Buffer, place: number) => Promise<void>,
): Promise<void> {
  const buffer = Buffer.alloc(Math.max(0, Math.min(COPY_STEP_BYTES, to - from)));
  for (let place = from; place < to; place += buffer.length) {
    const wanted = buffer.subarray(0, Math.min(buffer.length, to - place));
    const read = await segment.file.read(wanted, place - segment.start);
    await step(wanted.subarray(0, read), place);
    if (read < wanted.length) return;
  }
}
