import { LogwheelError } from "../../proto/kernel/errors.js";
import { RETRY_DELAY_MS_MAX } from "../../proto/kernel/limits.js";

/** Deliveries of one message, unless its group says otherwise: the first, and one after each wait. */
export const ATTEMPTS_MAX = 17;

const MINUTE_MS = 60_000;

/** Waits before the second, third, … delivery, unless the group says otherwise: those of RocketMQ. */
export const RETRY_DELAYS_MS: readonly number[] = [
  10_000,
  30_000,
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 20, 30, 60, 120].map((minutes) => minutes * MINUTE_MS),
];

/** Waits that a group may have. */
const STEPS_MAX = 64;

/** Milliseconds between the failure of delivery number `attempt`, from 1 on, and the next: the last step again and again. */
export function retryDelayMs(delaysMs: readonly number[] | undefined, attempt: number): number {
  const steps = delaysMs === undefined || delaysMs.length === 0 ? RETRY_DELAYS_MS : delaysMs;
  return steps[Math.min(Math.max(1, attempt), steps.length) - 1]!;
}

/** Throws BAD_REQUEST unless these can be the waits of a group. */
export function checkRetryDelays(delaysMs: readonly number[]): void {
  if (delaysMs.length > STEPS_MAX)
    throw new LogwheelError(
      "BAD_REQUEST",
      `a group has at most ${STEPS_MAX} retry delays, not ${delaysMs.length}: the last one holds for all that follow`,
    );
  for (const delayMs of delaysMs)
    if (!Number.isSafeInteger(delayMs) || delayMs < 0 || delayMs > RETRY_DELAY_MS_MAX)
      throw new LogwheelError(
        "BAD_REQUEST",
        `a retry delay is 0 to ${RETRY_DELAY_MS_MAX} ms (7 days), not ${delayMs}`,
      );
}
