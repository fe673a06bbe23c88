import { readMark } from "./commit-log.js";
import { check, emptyHeader, epochPattern, HEADER_BYTES, type Header, KIND } from "./record.js";
import { SEGMENT_HEADER_BYTES, type Segment } from "./segment.js";
import { walk } from "./walk.js";

/** What a scan of a segment found. */
export interface Scanned {
  /** Log offset behind the last whole group of records. */
  readonly end: number;
  /** The segment's opening snapshot is whole. */
  readonly opened: boolean;
  /** An end record closes the segment at `end`. */
  readonly closed: boolean;
  /** Log epoch of the last record, 0 without any. */
  readonly epoch: number;
  /** Store time of the last record, milliseconds. */
  readonly storedAtMs: number;
  /** Highest durable mark that a whole record carries; 0 without any. */
  readonly mark: number;
}

/**
 * Checks a segment's records from its start: checksum, own log offset, and that the log epoch never falls (a record
 * of a lower epoch than its predecessor is left from the file's former life, even if it stands at the right offset).
 * A group whose last record is missing does not count.
 */
export async function scan(segment: Segment): Promise<Scanned> {
  const found = { opened: false, closed: false, epoch: 0, storedAtMs: 0, mark: 0 };
  const header = emptyHeader();
  let end = segment.start + SEGMENT_HEADER_BYTES;
  await walk(segment, end, (bytes, view, at, logOffset) => {
    const what = check(bytes, view, at, logOffset, header);
    if (what === "short") return "more";
    if (what !== "record" || header.epoch < found.epoch || found.closed) return "stop";
    note(found, header, bytes, at);
    if (!header.more) end = logOffset + header.length;
    return header.length;
  });
  return { ...found, end };
}

function note(
  found: { -readonly [K in keyof Omit<Scanned, "end">]: Scanned[K] },
  header: Header,
  bytes: Buffer,
  at: number,
): void {
  found.epoch = header.epoch;
  found.storedAtMs = header.storedAtMs;
  if (header.kind === KIND.mark) found.mark = Math.max(found.mark, markAt(bytes, at, header));
  else if (header.kind === KIND.end) found.closed = true;
  else if (header.kind === KIND.snapshot && !header.more) found.opened = true;
}

function markAt(bytes: Buffer, at: number, header: Header): number {
  return readMark(bytes.subarray(at + HEADER_BYTES, at + header.length));
}

/** How far behind a bad place a crash can have left whole records: what may be unflushed, and room. */
const SEARCH_BYTES = 96 << 20;
const SEARCH_STEP_BYTES = 4 << 20;

/** Whole records of `epoch` behind a bad place. */
export interface Later {
  /** Log offset behind the last of them; 0 if there is none. */
  readonly end: number;
  /** Log offset of the first of them. */
  readonly start: number;
  /** Highest durable mark among them. */
  readonly mark: number;
}

/** Looks for whole records of `epoch` behind log offset `from`: a torn tail has none that says it was flushed. */
export async function searchBehind(segment: Segment, from: number, epoch: number): Promise<Later> {
  const found = { start: 0, end: 0, mark: 0 };
  const pattern = epochPattern(epoch);
  const header = emptyHeader();
  const limit = Math.min(segment.end, from + SEARCH_BYTES);
  const buffer = Buffer.allocUnsafeSlow(SEARCH_STEP_BYTES * 2);
  for (let place = from; place < limit; place += SEARCH_STEP_BYTES) {
    const read = await segment.file.read(
      buffer.subarray(0, Math.min(buffer.length, segment.end - place)),
      place - segment.start,
    );
    const bytes = buffer.subarray(0, read);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let hit = bytes.indexOf(pattern); hit >= 0; hit = bytes.indexOf(pattern, hit + 1)) {
      const at = hit - 8;
      if (at < 0 || at >= SEARCH_STEP_BYTES || check(bytes, view, at, place + at, header) !== "record")
        continue;
      if (found.start === 0) found.start = place + at;
      found.end = Math.max(found.end, place + at + header.length);
      if (header.kind === KIND.mark) found.mark = Math.max(found.mark, markAt(bytes, at, header));
    }
  }
  return found;
}
