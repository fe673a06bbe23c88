import { ttlOf } from "../../proto/kernel/message-codec.js";
import { RECORD_FLAG, recordContentStart, recordFlags, recordStoredAtMs } from "../../proto/kernel/record.js";

/** Values of `Expired` in message.proto. */
export const EXPIRED = { toDeadLetters: 0, drop: 1 } as const;

/** An expired message on its way to the dead letters: `attempt` is that of the delivery that it does not get. */
export interface ExpiredRecord {
  readonly offset: number;
  readonly attempt: number;
  readonly record: Buffer;
}

/**
 * When the time to live of the stored record `bytes[start..end)` is over, by the wall clock: its own or its topic's (0: none),
 * whichever is shorter, counted from its store time. Infinity if it has none.
 */
export function expiresAtMs(bytes: Buffer, start: number, end: number, topicTtlMs: number): number {
  const own = (recordFlags(bytes, start) & RECORD_FLAG.TTL) !== 0;
  if (!own && topicTtlMs === 0) return Number.POSITIVE_INFINITY;
  const ownMs = own ? ttlOf(bytes, recordContentStart(start), end) : 0;
  const ttlMs = Math.min(ownMs || Number.POSITIVE_INFINITY, topicTtlMs || Number.POSITIVE_INFINITY);
  return recordStoredAtMs(bytes, start) + ttlMs;
}
