import type { Nack } from "../../proto/gen/logwheel/v1/Nack.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { Reject, RetryLater } from "./handler-errors.js";
import { checkRetryDelay, isRetryDelay, sentRetryDelay } from "./retry-delay.js";
import type { ConsumeOptions } from "./types.js";

/** What is to become of a message that was not handled, and why it was not, as the broker is told. */
export type Verdict = Pick<Nack, "delayMs" | "reject" | "errorName" | "errorMessage" | "stack" | "unseen">;

/** Shared mode: for others at once; nobody has begun with it, and the attempt does not count. */
export const UNSEEN: Verdict = { delayMs: 0, unseen: true };

/** How failures are answered: what `ConsumeOptions` says. */
export type RetryRules = NonNullable<ConsumeOptions["retry"]>;

/** Characters that the broker keeps at most, of bytes that it cuts exactly. */
const NAME_MAX = 255;
const MESSAGE_MAX = 1 << 10;
const STACK_MAX = 4 << 10;

/** Throws BAD_REQUEST for waits that make no sense. */
export function checkRetryRules({ delaysMs = [], byError = {} }: RetryRules): void {
  checkDelays("retry.delaysMs", delaysMs);
  for (const [name, rule] of Object.entries(byError))
    if (rule !== "dead-letter") checkDelays(`retry.byError.${name}.delaysMs`, rule?.delaysMs);
}

function checkDelays(name: string, delaysMs: unknown): void {
  if (!Array.isArray(delaysMs)) throw new LogwheelError("BAD_REQUEST", `${name} is no list of milliseconds`);
  delaysMs.forEach(checkRetryDelay);
}

/** The verdict on delivery number `attempt`; `thrown` is undefined where the handler only named the message as failed. */
export function verdictOf(thrown: unknown, attempt: number, rules: RetryRules): Verdict {
  const why = whyOf(thrown);
  if (thrown instanceof Reject) return { ...why, reject: true };
  if (thrown instanceof RetryLater) return { ...why, ...waitOf(thrown) };
  const own = namesOf(thrown).find((name) => Object.hasOwn(rules.byError ?? {}, name));
  const rule = own === undefined ? undefined : rules.byError![own];
  if (rule === "dead-letter") return { ...why, reject: true };
  const delaysMs = rule?.delaysMs ?? rules.delaysMs ?? [];
  return delaysMs.length === 0
    ? why
    : { ...why, delayMs: sentRetryDelay(delaysMs[Math.min(attempt, delaysMs.length) - 1]!) };
}

/** To the dead letters at once, for a reason in words. */
export function rejection(reason: string | undefined): Verdict {
  return { reject: true, errorName: "Reject", errorMessage: (reason ?? "").slice(0, MESSAGE_MAX) };
}

/** The group's own wait where a class derived from RetryLater says something that is none. */
function waitOf({ delayMs }: RetryLater): Verdict {
  return isRetryDelay(delayMs) ? { delayMs: sentRetryDelay(delayMs) } : {};
}

/** By which a rule can be found: the error's name, its class, and the code that many errors have. */
function namesOf(thrown: unknown): string[] {
  if (!(thrown instanceof Error)) return [];
  const { code } = thrown as { code?: unknown };
  return [thrown.name, thrown.constructor.name, ...(typeof code === "string" ? [code] : [])];
}

/** The error that says most: what a RetryLater or Reject was made of, if that is known. */
function whyOf(thrown: unknown): Verdict {
  if (thrown === undefined) return {};
  const wrapped = thrown instanceof RetryLater || thrown instanceof Reject ? thrown.cause : undefined;
  const error = wrapped ?? thrown;
  if (!(error instanceof Error))
    return { errorName: "Error", errorMessage: String(error).slice(0, MESSAGE_MAX) };
  return {
    errorName: error.name.slice(0, NAME_MAX),
    errorMessage: error.message.slice(0, MESSAGE_MAX),
    stack: (error.stack ?? "").slice(0, STACK_MAX),
  };
}
