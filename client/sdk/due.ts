import { LogwheelError } from "../../proto/kernel/errors.js";

/** When a message is to be delivered: nothing for at once, or one of three, which exclude each other. */
export type Due =
  | {
      readonly delayMs?: undefined;
      readonly deliverAt?: undefined;
      readonly delayLevel?: undefined;
    }
  | DueTime;

/** A time of delivery. A level is a name for a duration, from 1, that the broker knows. */
export type DueTime =
  | { readonly delayMs: number; readonly deliverAt?: undefined; readonly delayLevel?: undefined }
  | { readonly deliverAt: Date; readonly delayMs?: undefined; readonly delayLevel?: undefined }
  | { readonly delayLevel: number; readonly delayMs?: undefined; readonly deliverAt?: undefined };

/** What became of a delayed message that was to be changed: definite, also while it is being delivered. */
export type DueAnswer = "done" | "already-delivered" | "not-found";

/** A time of delivery as it is sent: one of these, and zeros. */
export interface SentDue {
  readonly delayMs: number;
  readonly deliverAtMs: number;
  readonly delayLevel: number;
}

const AT_ONCE: SentDue = { delayMs: 0, deliverAtMs: 0, delayLevel: 0 };

/** A time of delivery as it is sent. BAD_REQUEST for more than one, and for one that is none. */
export function sentDue({ delayMs, deliverAt, delayLevel }: Due): SentDue {
  if (delayMs === undefined && deliverAt === undefined && delayLevel === undefined) return AT_ONCE;
  if ([delayMs, deliverAt, delayLevel].filter((given) => given !== undefined).length > 1)
    throw new LogwheelError(
      "BAD_REQUEST",
      "a message has one time of delivery at most: delayMs, deliverAt or delayLevel",
    );
  if (delayMs !== undefined) return { ...AT_ONCE, delayMs: wholeMs(delayMs) };
  if (deliverAt !== undefined) return { ...AT_ONCE, deliverAtMs: momentOf(deliverAt) };
  return { ...AT_ONCE, delayLevel: levelOf(delayLevel!) };
}

/** Rounded up: nothing is delivered early. */
function wholeMs(delayMs: number): number {
  const ms = Math.ceil(delayMs);
  if (Number.isSafeInteger(ms) && ms >= 0) return ms;
  throw new LogwheelError("BAD_REQUEST", `delayMs: ${delayMs} is not a number of milliseconds from 0 on`);
}

/** Whatever lies before 1970 is over, too. */
function momentOf(deliverAt: Date): number {
  const ms = deliverAt instanceof Date ? deliverAt.getTime() : Number.NaN;
  if (!Number.isNaN(ms)) return Math.max(1, ms);
  throw new LogwheelError("BAD_REQUEST", "deliverAt is not a valid Date");
}

function levelOf(delayLevel: number): number {
  if (Number.isInteger(delayLevel) && delayLevel >= 1 && delayLevel < 2 ** 32) return delayLevel;
  throw new LogwheelError("BAD_REQUEST", `delayLevel: ${delayLevel} is not a level: they count from 1`);
}
