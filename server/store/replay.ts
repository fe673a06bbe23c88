import { LogwheelError } from "../../proto/kernel/errors.js";
import { changesDue } from "./due-entry.js";
import type { Queue } from "./queue.js";
import { check, emptyHeader, HEADER_BYTES, type Header, KIND, messageAt, readHeader } from "./record.js";
import { salvage } from "./salvage.js";
import { firstRecord, type Segment } from "./segment.js";
import { State } from "./state.js";
import { walk } from "./walk.js";

/** Who else wants to see each message that is replayed. */
export interface ReplayIndex {
  add(queue: Queue, header: Header, position: number): void;
  /** A message with keys, in a queue or not yet. `bytes[start..end)` is the message as it was sent. */
  keyed(header: Header, position: number, bytes: Buffer, start: number, end: number): void;
}

/** Nobody does. */
export const NO_INDEX: ReplayIndex = { add() {}, keyed() {} };

/**
 * Reduces a segment's records, from its start up to log offset `to`, into `state` and `index`. They were checked before.
 * LOG_CORRUPT if they contradict each other.
 */
export async function replay(segment: Segment, to: number, state: State, index: ReplayIndex): Promise<void> {
  const header = emptyHeader();
  await walk(segment, firstRecord(segment), (bytes, view, at, logOffset) => {
    if (logOffset >= to || header.kind === KIND.end) return "stop";
    if (bytes.length - at < HEADER_BYTES) return "more";
    readHeader(view, at, header);
    if (header.length < HEADER_BYTES) throw endsEarly(logOffset);
    if (bytes.length - at < header.length) return "more";
    reduceRecord(segment, header, bytes, at, state, index);
    return header.length;
  });
}

/** The same for records that nobody checked: what is damaged is passed over. */
export function replaySalvaged(
  segment: Segment,
  to: number,
  state: State,
  index: ReplayIndex,
): Promise<void> {
  const found = {
    record: (header: Header, bytes: Buffer, at: number) =>
      reduceRecord(segment, header, bytes, at, state, index),
    damage() {},
  };
  return salvage(segment, to, found);
}

/** What the snapshot says that opens a segment; undefined if it is not whole. */
export async function readSnapshot(segment: Segment): Promise<State | undefined> {
  const state = new State();
  const header = emptyHeader();
  let whole = false;
  await walk(segment, firstRecord(segment), (bytes, view, at, logOffset) => {
    const what = check(bytes, view, at, logOffset, header);
    if (what === "short") return "more";
    if (whole || what !== "record" || (header.kind !== KIND.mark && header.kind !== KIND.snapshot))
      return "stop";
    reduceRecord(segment, header, bytes, at, state, NO_INDEX);
    whole = header.kind === KIND.snapshot && !header.more;
    return header.length;
  });
  return whole ? state : undefined;
}

/** What one checked record of a segment changes in `state` and `index`. */
export function reduceRecord(
  segment: Segment,
  header: Header,
  bytes: Buffer,
  at: number,
  state: State,
  index: ReplayIndex,
): void {
  const start = at + HEADER_BYTES;
  const end = at + header.length;
  const message = messageAt(header.kind);
  if (header.keyed && message > 0)
    index.keyed(header, header.logOffset - segment.start, bytes, at + message, end);
  if (header.kind === KIND.message) {
    const queue = state.queueOf(header);
    state.message(queue, header);
    index.add(queue, header, header.logOffset - segment.start);
  } else if (changesDue(header.kind)) state.due(header);
  else if (header.kind >= KIND.snapshot && header.kind <= KIND.cursors)
    state.reduce(header.kind, parse(bytes.toString("utf8", start, end), header));
}

function parse(text: string, header: Header): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new LogwheelError(
      "LOG_CORRUPT",
      `the record at log offset ${header.logOffset} is not what this logwheel writes`,
      {
        cause,
      },
    );
  }
}

function endsEarly(logOffset: number): LogwheelError {
  return new LogwheelError(
    "LOG_CORRUPT",
    `there is no record at log offset ${logOffset}, though the log goes on behind it`,
  );
}
