import { LogwheelError } from "../../proto/kernel/errors.js";
import type { RetryPolicy } from "./types.js";

/** What a caller gets who says nothing else. */
export const DEFAULT_RETRY: Required<RetryPolicy> = {
  attempts: 3,
  initialMs: 10,
  maxMs: 1_000,
  factor: 2,
  jitter: 1,
};

/** The policy with what is missing filled in. Throws BAD_REQUEST for numbers that make no sense. */
export function retryPolicy(...given: (Partial<RetryPolicy> | undefined)[]): Required<RetryPolicy> {
  const policy = Object.assign({}, DEFAULT_RETRY, ...given) as Required<RetryPolicy>;
  const { attempts, initialMs, maxMs, factor, jitter } = policy;
  if (
    !(attempts >= 1) ||
    !(initialMs >= 0) ||
    !(maxMs >= 0) ||
    !(factor >= 1) ||
    !(jitter >= 0 && jitter <= 1)
  )
    throw new LogwheelError(
      "BAD_REQUEST",
      "retry: attempts and factor are at least 1, waits at least 0 ms, jitter 0 to 1",
    );
  return policy;
}

/** Milliseconds to wait after the `failures`-th failure, from 1; never less than the broker asks for. */
export function retryDelayMs(
  policy: Required<RetryPolicy>,
  failures: number,
  retryAfterMs: number,
  random: () => number,
): number {
  const boundMs = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (failures - 1));
  return Math.max(retryAfterMs, boundMs * (1 - policy.jitter * random()));
}

/** What to do with a refused send. */
export type NextTry =
  /** Tell the caller. */
  | "fail"
  /** The same broker, under the same sequence if it may have the message. */
  | "same"
  /** Any other broker that has the topic. */
  | "other"
  /** Wherever fresh routes say. */
  | "reroute";

/**
 * What the error table allows after `attempts` tries: another broker only after a definite no, and for a pinned message
 * (caller's queue, ordering key) the same queue always.
 */
export function nextTry(
  error: LogwheelError,
  attempts: number,
  attemptsMax: number,
  pinned: boolean,
): NextTry {
  if (error.retry === "never" || attempts >= attemptsMax) return "fail";
  if (error.sent !== "no") return "same";
  if (error.retry === "reroute") return "reroute";
  return error.retry === "other" && !pinned ? "other" : "same";
}
