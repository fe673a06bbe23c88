import type { Duration } from "../../proto/gen/google/protobuf/Duration.js";
import type { Timestamp } from "../../proto/gen/google/protobuf/Timestamp.js";
import type { Seconds } from "../../proto/kernel/rocketmq-send-codec.js";

const NANOS_PER_MS = 1e6;

/** Milliseconds of a duration; 0 for none. */
export function durationMs(duration: Seconds | null | undefined): number {
  return duration == null ? 0 : msOf(duration);
}

/** What no double holds exactly is as far away as one can hold. */
function msOf({ seconds, nanos }: Seconds): number {
  const ms = seconds * 1_000 + Math.floor(nanos / NANOS_PER_MS);
  return Math.max(Number.MIN_SAFE_INTEGER, Math.min(ms, Number.MAX_SAFE_INTEGER));
}

export function durationOf(ms: number): Duration {
  const seconds = Math.floor(ms / 1_000);
  return { seconds, nanos: Math.round((ms - seconds * 1_000) * NANOS_PER_MS) };
}

/** Milliseconds since 1970; 0 for none. */
export function timestampMs(timestamp: Seconds | null | undefined): number {
  return timestamp == null ? 0 : msOf(timestamp);
}

export function timestampOf(ms: number): Timestamp {
  return durationOf(ms);
}
