import { ttlOf } from "../../proto/kernel/message-codec.js";
import { RECORD_FLAG, recordContentStart, recordFlags, recordStoredAtMs } from "../../proto/kernel/record.js";

/** Values of `Expired` in message.proto. */
export const EXPIRED = { toDeadLetters: 0, drop: 1 } as const;

/**
 * Whether the time to live of the stored record `bytes[start..end)` is over: its own or its topic's (0: none), whichever is
 * shorter, counted from its store time. `nowMs` is the wall clock.
 */
export function isExpired(
  bytes: Buffer,
  start: number,
  end: number,
  topicTtlMs: number,
  nowMs: number,
): boolean {
  const own = (recordFlags(bytes, start) & RECORD_FLAG.TTL) !== 0;
  if (!own && topicTtlMs === 0) return false;
  const ownMs = own ? ttlOf(bytes, recordContentStart(start), end) : 0;
  const ttlMs = Math.min(ownMs || Number.POSITIVE_INFINITY, topicTtlMs || Number.POSITIVE_INFINITY);
  return nowMs >= recordStoredAtMs(bytes, start) + ttlMs;
}
