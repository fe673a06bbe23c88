import { LogwheelError } from "../../proto/kernel/errors.js";
import { formatDuration, roughDuration } from "../../proto/kernel/quantity.js";
import type { DueClock } from "./due-clock.js";

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
 * Due time of a message, milliseconds since 1970; what lies in the past is due now. BAD_REQUEST for more than one time,
 * DELAY_LEVEL_UNKNOWN, or DELAY_TOO_LONG.
 */
export function dueTime(asked: AskedTime, clock: DueClock, settings: DelaySettings): number {
  const { delayMs, deliverAtMs, delayLevel } = asked;
  if (Number(delayMs !== 0) + Number(deliverAtMs !== 0) + Number(delayLevel !== 0) > 1)
    throw new LogwheelError(
      "BAD_REQUEST",
      "the message has more than one time of delivery: give a delay, a time, or a level",
    );
  const nowMs = clock.nowMs();
  if (deliverAtMs > 0) return notTooFar(deliverAtMs - nowMs, settings, Math.max(deliverAtMs, nowMs));
  const inMs = delayLevel > 0 ? levelMs(delayLevel, settings) : delayMs;
  return notTooFar(inMs, settings, inMs > 0 ? clock.inMs(inMs) : nowMs);
}

function notTooFar(inMs: number, { delayMsMax }: DelaySettings, dueAtMs: number): number {
  if (inMs <= delayMsMax) return dueAtMs;
  throw new LogwheelError(
    "DELAY_TOO_LONG",
    `the message is to be delivered in ${roughDuration(inMs)}; this broker allows ${formatDuration(delayMsMax)} (setting delayMsMax)`,
  );
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
