import { inspect } from "node:util";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { RETRY_DELAY_MS_MAX } from "../../proto/kernel/limits.js";

/** Whether it is a number of milliseconds from 0 on. */
export function isRetryDelay(delayMs: unknown): delayMs is number {
  return typeof delayMs === "number" && Number.isFinite(delayMs) && delayMs >= 0;
}

/** Throws BAD_REQUEST unless it is a number of milliseconds from 0 on. */
export function checkRetryDelay(delayMs: unknown): void {
  if (isRetryDelay(delayMs)) return;
  throw new LogwheelError(
    "BAD_REQUEST",
    `a retry delay is ${inspect(delayMs)}; it must be a number of milliseconds from 0 on`,
  );
}

/** A delay as brokers take it: rounded up, so that no wait becomes none, and at most their longest. */
export function sentRetryDelay(delayMs: number): number {
  return Math.min(Math.ceil(delayMs), RETRY_DELAY_MS_MAX);
}
