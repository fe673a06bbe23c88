import { LogwheelError } from "../../proto/kernel/errors.js";
import { formatDuration } from "../../proto/kernel/quantity.js";

/** Names for durations, and how far ahead a message may be delivered. */
export interface DelaySettings {
  /** Level 1 comes first. Milliseconds. */
  readonly delayLevels: readonly number[];
  readonly delayMsMax: number;
}

/** When a message says that it is to be delivered: one of these three, the others are 0. */
export interface AskedTime {
  readonly delayMs: number;
  /** Milliseconds since 1970. */
  readonly deliverAtMs: number;
  /** From 1. */
  readonly delayLevel: number;
}

/**
 * Due time of a message, milliseconds since 1970; what lies in the past is due at once. BAD_REQUEST for more than one time,
 * DELAY_LEVEL_UNKNOWN, or DELAY_TOO_LONG.
 */
export function dueTime(asked: AskedTime, nowMs: number, settings: DelaySettings): number {
  const { delayMs, deliverAtMs, delayLevel } = asked;
  if ([delayMs, deliverAtMs, delayLevel].filter((given) => given !== 0).length > 1)
    throw new LogwheelError(
      "BAD_REQUEST",
      "the message has more than one time of delivery: give a delay, a time, or a level",
    );
  const dueAtMs =
    deliverAtMs > 0 ? deliverAtMs : nowMs + (delayLevel > 0 ? levelMs(delayLevel, settings) : delayMs);
  if (dueAtMs - nowMs > settings.delayMsMax)
    throw new LogwheelError(
      "DELAY_TOO_LONG",
      `the message is to be delivered in ${formatDuration(dueAtMs - nowMs)}; this broker allows ${formatDuration(settings.delayMsMax)} (setting delayMsMax)`,
    );
  return Math.max(dueAtMs, nowMs);
}

function levelMs(level: number, { delayLevels }: DelaySettings): number {
  const ms = delayLevels[level - 1];
  if (ms !== undefined) return ms;
  const list = delayLevels.map((each, index) => `${index + 1} ${formatDuration(each)}`).join(", ");
  throw new LogwheelError(
    "DELAY_LEVEL_UNKNOWN",
    `there is no delay level ${level}; this broker has ${list}: choose one of them, or give the delay itself`,
  );
}
