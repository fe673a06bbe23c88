import { changesDue, type DueChange, dueChanges } from "./due-entry.js";
import { HEADER_BYTES, type Header } from "./record.js";
import { type LogRange, Salvage } from "./salvage.js";
import type { Segment } from "./segment.js";

const BATCH_CHANGES = 4_096;

/**
 * What the records from log offset `range.from` up to `range.to` change in the due index, in their order, in batches of a few
 * thousand. Records are checked; damaged ones are passed over and told.
 */
export async function* replayDue(
  segments: readonly Segment[],
  { from, to }: LogRange,
  damage: (range: LogRange) => void,
): AsyncGenerator<DueChange[]> {
  for (const segment of segments) {
    if (segment.end <= from || segment.start >= to) continue;
    const walk = new Salvage(segment, Math.min(segment.end, to));
    let changes: DueChange[] = [];
    const visitor = {
      record(header: Header, bytes: Buffer, at: number): boolean {
        if (header.logOffset >= from && changesDue(header.kind))
          changes.push(...dueChanges(header, bytes, at + HEADER_BYTES, at + header.length));
        return changes.length < BATCH_CHANGES;
      },
      damage,
    };
    while (!walk.over) {
      await walk.go(visitor);
      yield changes;
      changes = [];
    }
  }
}
