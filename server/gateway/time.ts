import type { Duration, Duration__Output } from "../../proto/gen/google/protobuf/Duration.js";
import type { Timestamp, Timestamp__Output } from "../../proto/gen/google/protobuf/Timestamp.js";

const NANOS_PER_MS = 1e6;

/** Milliseconds of a duration; 0 for none. */
export function durationMs(duration: Duration__Output | null | undefined): number {
  return duration == null ? 0 : duration.seconds * 1_000 + Math.floor(duration.nanos / NANOS_PER_MS);
}

export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * NANOS_PER_MS) };
}

/** Milliseconds since 1970; 0 for none. */
export function timestampMs(timestamp: Timestamp__Output | null | undefined): number {
  return timestamp == null ? 0 : timestamp.seconds * 1_000 + Math.floor(timestamp.nanos / NANOS_PER_MS);
}

export function timestampOf(ms: number): Timestamp {
  return durationOf(ms);
}
