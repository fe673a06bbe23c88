import { check, emptyHeader, type Header, KIND } from "./record.js";
import { searchBehind } from "./scan.js";
import { firstRecord, type Segment } from "./segment.js";
import { walk } from "./walk.js";

/** A range of log offsets, `to` not included. */
export interface LogRange {
  readonly from: number;
  readonly to: number;
}

/** Who wants to know what a segment holds. */
export interface SalvageVisitor {
  /** A whole record stands at `bytes[at..at + header.length)`; valid during the call. */
  record(header: Header, bytes: Buffer, at: number): void;
  /** There is no record in this range, though more should follow. */
  damage(range: LogRange): void;
}

/**
 * Walks through the whole records of a segment up to log offset `to`, passing over what is none. Every record is checked
 * as recovery checks it. A sealed segment ends with its end record: `to` is the segment's end then.
 */
export async function salvage(segment: Segment, to: number, visitor: SalvageVisitor): Promise<void> {
  const header = emptyHeader();
  let epoch = 0;
  let closed = false;
  for (let place = firstRecord(segment); place < to && !closed; ) {
    place = await walk(segment, place, (bytes, view, at, logOffset) => {
      if (logOffset >= to || closed) return "stop";
      const what = check(bytes, view, at, logOffset, header);
      if (what === "short") return "more";
      if (what !== "record" || header.epoch < epoch) return "stop";
      epoch = header.epoch;
      closed = header.kind === KIND.end;
      visitor.record(header, bytes, at);
      return header.length;
    });
    if (closed || place >= to) return;
    const { start } = await searchBehind(segment, { from: place + 1, to, epoch, first: true });
    const next = start > 0 ? start : to;
    visitor.damage({ from: place, to: next });
    place = next;
  }
}
