import { readMark } from "./commit-log.js";
import { check, emptyHeader, findTags, HEADER_BYTES, type Header, KIND, RECORD_BYTES_MAX } from "./record.js";
import { SEGMENT_HEADER_BYTES, type Segment } from "./segment.js";
import { walk } from "./walk.js";

/** What a scan of a segment found. */
export interface Scanned {
  /** Log offset behind the last whole group of records. */
  readonly end: number;
  /** Log offset behind the last whole record: `end`, unless a group is incomplete. */
  readonly stopped: number;
  /** The segment's opening snapshot is whole. */
  readonly opened: boolean;
  /** An end record closes the segment at `end`. */
  readonly closed: boolean;
  /** Bytes within it were given up: records that later ones build on may be missing. */
  readonly gaveUp: boolean;
  /** Log epoch of the last record, 0 without any. */
  readonly epoch: number;
  /** Store time of the last record, milliseconds. */
  readonly storedAtMs: number;
  /** Highest durable mark that a whole record carries; 0 without any. */
  readonly mark: number;
}

type Found = { -readonly [K in keyof Omit<Scanned, "end" | "stopped">]: Scanned[K] };

/**
 * Checks a segment's records from its start: checksum, own log offset, and that the log epoch never falls (a record
 * of a lower epoch than its predecessor is left from the file's former life, even if it stands at the right offset).
 * A group whose last record is missing does not count.
 */
export async function scan(segment: Segment): Promise<Scanned> {
  const found: Found = { opened: false, closed: false, gaveUp: false, epoch: 0, storedAtMs: 0, mark: 0 };
  const header = emptyHeader();
  let end = segment.start + SEGMENT_HEADER_BYTES;
  const stopped = await walk(segment, end, (bytes, view, at, logOffset) => {
    const what = check(bytes, view, at, logOffset, header);
    if (what === "short") return "more";
    if (what !== "record" || header.epoch < found.epoch || found.closed) return "stop";
    note(found, header, bytes, at);
    if (!header.more) end = logOffset + header.length;
    return header.length;
  });
  return { ...found, end, stopped };
}

function note(found: Found, header: Header, bytes: Buffer, at: number): void {
  found.epoch = header.epoch;
  found.storedAtMs = header.storedAtMs;
  if (header.kind === KIND.mark) found.mark = Math.max(found.mark, markAt(bytes, at, header));
  else if (header.kind === KIND.end) found.closed = true;
  else if (header.kind === KIND.damage) found.gaveUp = true;
  else if (header.kind === KIND.snapshot && !header.more && !found.gaveUp) found.opened = true;
}

function markAt(bytes: Buffer, at: number, header: Header): number {
  return readMark(bytes.subarray(at + HEADER_BYTES, at + header.length));
}

const SEARCH_STEP_BYTES = 4 << 20;

/** Whole records behind a bad place. */
export interface Later {
  /** Log offset of the first of them; 0 if there is none. */
  readonly start: number;
  /** Log offset behind the last of them; 0 if there is none. */
  readonly end: number;
  /** Highest log epoch and durable mark among them. */
  readonly epoch: number;
  readonly mark: number;
}

/** What is looked for behind a bad place. */
export interface Search {
  readonly from: number;
  /** Where to end; the segment's end at the latest. */
  readonly to: number;
  /** Records of a lower log epoch are left from an earlier life of the file. */
  readonly epoch: number;
  /** Only the first record matters. */
  readonly first?: boolean;
}

/** Looks for whole records behind a place where there is none. */
export async function searchBehind(segment: Segment, { from, to, epoch, first }: Search): Promise<Later> {
  const found = { start: 0, end: 0, epoch: 0, mark: 0 };
  const header = emptyHeader();
  const limit = Math.min(segment.end, to);
  const bytesMax = limit <= from ? 0 : Math.min(SEARCH_STEP_BYTES + RECORD_BYTES_MAX, segment.end - from);
  const buffer = Buffer.allocUnsafeSlow(bytesMax);
  for (let place = from; place < limit; place += SEARCH_STEP_BYTES) {
    const read = await segment.file.read(
      buffer.subarray(0, Math.min(buffer.length, segment.end - place)),
      place - segment.start,
    );
    const bytes = buffer.subarray(0, read);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = findTags(bytes, 0); at >= 0 && at < SEARCH_STEP_BYTES; at = findTags(bytes, at + 1)) {
      if (check(bytes, view, at, place + at, header) !== "record" || header.epoch < epoch) continue;
      if (found.start === 0) found.start = place + at;
      found.end = Math.max(found.end, place + at + header.length);
      found.epoch = Math.max(found.epoch, header.epoch);
      if (header.kind === KIND.mark) found.mark = Math.max(found.mark, markAt(bytes, at, header));
      if (first) return found;
    }
  }
  return found;
}
