import { LogwheelError } from "../../proto/kernel/errors.js";
import { readFixed64, writeFixed64 } from "../../proto/kernel/wire.js";
import { type Header, KIND } from "./record.js";

/** Kind of the record that made a due entry: what is to be done with its message. */
export type DueKind = typeof KIND.delayed | typeof KIND.half;

/** Something that is stored and happens later. An origin has one entry at a time. */
export interface DueEntry {
  /** Milliseconds since 1970. */
  readonly dueAtMs: number;
  /** Log offset of the record that holds the message. */
  readonly origin: number;
  readonly kind: DueKind;
}

/** A due entry that is taken care of. */
export interface Settlement {
  readonly entry: DueEntry;
  /** When its origin is due again; 0: never. */
  readonly againAtMs: number;
}

/** What a record changes in the due index. */
export interface DueChange {
  readonly op: "put" | "delete";
  readonly entry: DueEntry;
}

/**
 * One settlement in the payload of a settle record. Integers are little-endian.
 *
 *     0             8        16              24     25
 *     +-------------+--------+---------------+------+
 *     | due at (ms) | origin | again at (ms) | kind |
 *     +-------------+--------+---------------+------+
 */
const SETTLEMENT_BYTES = 25;

const NOTHING: readonly DueChange[] = [];

/** Payload of the settle record of so many settlements, in bytes. */
export function settlePayloadBytes(count: number): number {
  return count * SETTLEMENT_BYTES;
}

/** Payload of a settle record. */
export function writeSettlements(settlements: readonly Settlement[]): Buffer {
  const bytes = Buffer.allocUnsafe(settlePayloadBytes(settlements.length));
  for (const [index, { entry, againAtMs }] of settlements.entries()) {
    const at = index * SETTLEMENT_BYTES;
    writeFixed64(bytes, at, entry.dueAtMs);
    writeFixed64(bytes, at + 8, entry.origin);
    writeFixed64(bytes, at + 16, againAtMs);
    bytes[at + 24] = entry.kind;
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
    const entry = { dueAtMs: readFixed64(bytes, at), origin: readFixed64(bytes, at + 8), kind };
    settlements.push({ entry, againAtMs: readFixed64(bytes, at + 16) });
  }
  return settlements;
}

/** Whether a record of this kind changes the due index. */
export function changesDue(kind: number): boolean {
  return kind === KIND.delayed || kind === KIND.half || kind === KIND.settle;
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
  const { kind, logOffset: origin, queueOffset: dueAtMs } = header;
  if (kind === KIND.delayed || kind === KIND.half) return [{ op: "put", entry: { dueAtMs, origin, kind } }];
  if (kind !== KIND.settle) return NOTHING;
  return settled(readSettlements(header.logOffset, bytes, start, end));
}

/** What a settle record changes. */
export function settled(settlements: readonly Settlement[]): DueChange[] {
  return settlements.flatMap(({ entry, againAtMs }): DueChange[] => {
    const gone: DueChange = { op: "delete", entry };
    return againAtMs === 0 ? [gone] : [gone, { op: "put", entry: { ...entry, dueAtMs: againAtMs } }];
  });
}

function notOurs(logOffset: number): LogwheelError {
  return new LogwheelError(
    "LOG_CORRUPT",
    `the settle record at log offset ${logOffset} is not what this logwheel writes`,
  );
}
