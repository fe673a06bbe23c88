import { LogwheelError } from "../../proto/kernel/errors.js";
import { readFixed32, readFixed64, writeFixed32, writeFixed64 } from "../../proto/kernel/wire.js";
import { emptyHeader, type Header, KIND, readHeader } from "./record.js";

/** Kind of the record that made a due entry: what is to be done with its message. */
export type DueKind = typeof KIND.delayed | typeof KIND.half;

/** Something that is stored and happens later. An origin has one entry at a time. */
export interface DueEntry {
  /** Milliseconds since 1970. */
  readonly dueAtMs: number;
  /** Log offset of the record that came in with the message: by it the entry is known. */
  readonly origin: number;
  /** Log offset of the record that holds the message now: the origin, or a copy. */
  readonly place: number;
  /** Of the record that came in, header included. */
  readonly bytes: number;
  readonly kind: DueKind;
  /** Number of its topic. */
  readonly topic: number;
  /** How often it was put off, for what counts that: questions about a transaction. At most 255. */
  readonly times: number;
  /** Of a half: log offset of the half that began the transaction. It alone is due; the others have `NEVER`. */
  readonly first: number;
}

/** Due time of what is pending until somebody settles it. */
export const NEVER = Number.MAX_SAFE_INTEGER;

/** A due entry that is taken care of. */
export interface Settlement {
  readonly entry: DueEntry;
  /** When its origin is due again; 0: it is pending no more. */
  readonly againAtMs: number;
  /** Of the entry that is due again; 0 by default. */
  readonly times?: number;
  /** It is pending no more, and nothing takes its place: it was cancelled or rolled back. */
  readonly dropped?: boolean;
}

/** What a record changes in the due index. */
export interface DueChange {
  readonly op: "put" | "delete";
  readonly entry: DueEntry;
  /** Deleted with nothing in its place. */
  readonly dropped?: boolean;
}

/**
 * One settlement in the payload of a settle record. Integers are little-endian.
 *
 *     0             8        16              24     25      26        27      31      35      43
 *     +-------------+--------+---------------+------+-------+---------+-------+-------+-------+
 *     | due at (ms) | origin | again at (ms) | kind | times | dropped | topic | bytes | place |
 *     +-------------+--------+---------------+------+-------+---------+-------+-------+-------+
 *
 * `times` is that of the entry that is due again.
 */
const SETTLEMENT_BYTES = 43;

const NOTHING: readonly DueChange[] = [];

/** Payload of the settle record of so many settlements, in bytes. */
export function settlePayloadBytes(count: number): number {
  return count * SETTLEMENT_BYTES;
}

/** Payload of a settle record. */
export function writeSettlements(settlements: readonly Settlement[]): Buffer {
  const bytes = Buffer.allocUnsafe(settlePayloadBytes(settlements.length));
  for (const [index, { entry, againAtMs, times = 0, dropped = false }] of settlements.entries()) {
    const at = index * SETTLEMENT_BYTES;
    writeFixed64(bytes, at, entry.dueAtMs);
    writeFixed64(bytes, at + 8, entry.origin);
    writeFixed64(bytes, at + 16, againAtMs);
    bytes[at + 24] = entry.kind;
    bytes[at + 25] = times;
    bytes[at + 26] = dropped ? 1 : 0;
    writeFixed32(bytes, at + 27, entry.topic);
    writeFixed32(bytes, at + 31, entry.bytes);
    writeFixed64(bytes, at + 35, entry.place);
  }
  return bytes;
}

/** What the settle record at a log offset takes care of: `bytes[start..end)` is its payload. LOG_CORRUPT if it is none. */
export function readSettlements(logOffset: number, bytes: Buffer, start: number, end: number): Settlement[] {
  if ((end - start) % SETTLEMENT_BYTES !== 0) throw notOurs(logOffset);
  const settlements: Settlement[] = [];
  for (let at = start; at < end; at += SETTLEMENT_BYTES) {
    const kind = bytes[at + 24];
    if (kind !== KIND.delayed && kind !== KIND.half) throw notOurs(logOffset);
    const origin = readFixed64(bytes, at + 8);
    const first = kind === KIND.half ? origin : 0;
    settlements.push({
      entry: {
        dueAtMs: readFixed64(bytes, at),
        origin,
        place: readFixed64(bytes, at + 35),
        bytes: readFixed32(bytes, at + 31),
        kind,
        topic: readFixed32(bytes, at + 27),
        times: 0,
        first,
      },
      againAtMs: readFixed64(bytes, at + 16),
      times: bytes[at + 25]!,
      dropped: bytes[at + 26] === 1,
    });
  }
  return settlements;
}

/** Whether a record of this kind changes the due index. */
export function changesDue(kind: number): boolean {
  return kind === KIND.delayed || kind === KIND.half || kind === KIND.settle || kind === KIND.copy;
}

/**
 * What a record changes in the due index; `bytes[start..end)` is its content. The one answer for the live store, recovery
 * and rebuilding: the records of a log, reduced in order from any of them on, leave the same entries, also when some are
 * reduced again.
 */
export function dueChanges(
  header: Readonly<Header>,
  bytes: Buffer,
  start: number,
  end: number,
): readonly DueChange[] {
  const { kind } = header;
  if (kind === KIND.delayed || kind === KIND.half) return [{ op: "put", entry: dueEntry(header) }];
  if (kind === KIND.copy) return copied(header, bytes, start);
  if (kind !== KIND.settle) return NOTHING;
  return settled(readSettlements(header.logOffset, bytes, start, end));
}

/** What a settle record changes. */
export function settled(settlements: readonly Settlement[]): DueChange[] {
  const changes: DueChange[] = [];
  for (const { entry, againAtMs, times = 0, dropped = false } of settlements) {
    changes.push(dropped ? { op: "delete", entry, dropped } : { op: "delete", entry });
    if (againAtMs > 0) changes.push({ op: "put", entry: { ...entry, dueAtMs: againAtMs, times } });
  }
  return changes;
}

/** The entry that a delayed or half record makes. */
export function dueEntry({
  kind,
  logOffset: origin,
  queueOffset,
  joined,
  topic,
  length,
}: Readonly<Header>): DueEntry {
  const half = kind === KIND.half;
  return {
    dueAtMs: joined ? NEVER : queueOffset,
    origin,
    place: origin,
    bytes: length,
    kind: half ? KIND.half : KIND.delayed,
    topic,
    times: 0,
    first: half ? (joined ? queueOffset : origin) : 0,
  };
}

/** The entry of the record in a copy, at `bytes[at]`, is as it was when it was copied, but for its place. */
function copied(
  { logOffset: place, queueOffset: dueAtMs, sequence: times }: Header,
  bytes: Buffer,
  at: number,
): DueChange[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const before: DueEntry = { ...dueEntry(readHeader(view, at, emptyHeader())), dueAtMs, times };
  return [
    { op: "delete", entry: before },
    { op: "put", entry: { ...before, place } },
  ];
}

function notOurs(logOffset: number): LogwheelError {
  return new LogwheelError(
    "LOG_CORRUPT",
    `the settle record at log offset ${logOffset} is not what this logwheel writes`,
  );
}
