import { LogwheelError } from "../../proto/kernel/errors.js";
import type { CommitLog } from "./commit-log.js";
import { HEADER_BYTES, KIND } from "./record.js";
import type { State } from "./state.js";

/**
 * Appends the snapshot that opens a segment, as one group of records, so that a crash leaves all of it or nothing; returns the
 * log offset behind it. A segment without its snapshot must not be written: where it does not fit, the log fails.
 */
export function appendSnapshot(log: CommitLog, state: State): number {
  state.fitProducers(log.snapshotBytesMax / 4);
  const parts = [...state.snapshot(log.storedAtMs)].map((part) => Buffer.from(JSON.stringify(part)));
  const bytes = parts.reduce((sum, part) => sum + HEADER_BYTES + part.length, 0);
  if (bytes > log.snapshotBytesMax) throw failed(log, bytes);
  log.reserve(bytes);
  for (const [index, part] of parts.entries()) log.appendOther(KIND.snapshot, part, index < parts.length - 1);
  return log.end;
}

function failed(log: CommitLog, bytes: number): LogwheelError {
  const error = new LogwheelError(
    "STORE_FAILED",
    `the metadata takes ${bytes} bytes, more than half a segment: start again with larger segments`,
  );
  log.fail(error);
  return error;
}
