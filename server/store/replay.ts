import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "./queue.js";
import { emptyHeader, HEADER_BYTES, type Header, KIND, readHeader } from "./record.js";
import { firstRecord, type Segment } from "./segment.js";
import { type State, unknownQueue } from "./state.js";
import { walk } from "./walk.js";

/** Who else wants to see each message that is replayed. `bytes[start..end)` is the message as it was sent. */
export interface ReplayIndex {
  add(queue: Queue, header: Header, position: number, bytes: Buffer, start: number, end: number): void;
}

/**
 * Reduces a segment's records, from its start up to log offset `to`, into `state` and `index`. They were checked before,
 * or are covered by a seal.
 */
export async function replay(segment: Segment, to: number, state: State, index: ReplayIndex): Promise<void> {
  const header = emptyHeader();
  await walk(segment, firstRecord(segment), (bytes, view, at, logOffset) => {
    if (logOffset >= to || header.kind === KIND.end) return "stop";
    if (bytes.length - at < HEADER_BYTES) return "more";
    readHeader(view, at, header);
    if (header.length < HEADER_BYTES) throw endsEarly(logOffset);
    if (bytes.length - at < header.length) return "more";
    const start = at + HEADER_BYTES;
    const end = at + header.length;
    if (header.kind === KIND.message) {
      const queue = state.topicByNumber(header.topic)?.queues[header.queueId];
      if (queue === undefined) throw unknownQueue(header);
      state.message(queue, header);
      index.add(queue, header, logOffset - segment.start, bytes, start, end);
    } else if (header.kind >= KIND.snapshot)
      state.reduce(header.kind, parse(bytes.toString("utf8", start, end), header));
    return header.length;
  });
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

/** Log offset behind the snapshot that opens a segment. */
export async function endOfSnapshot(segment: Segment): Promise<number> {
  const header = emptyHeader();
  let ended = false;
  return walk(segment, firstRecord(segment), (bytes, view, at) => {
    if (bytes.length - at < HEADER_BYTES) return "more";
    readHeader(view, at, header);
    if (ended || (header.kind !== KIND.mark && header.kind !== KIND.snapshot)) return "stop";
    ended = header.kind === KIND.snapshot && !header.more;
    return bytes.length - at < header.length ? "more" : header.length;
  });
}
