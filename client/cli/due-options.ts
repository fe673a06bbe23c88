import { systemClock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { parseDuration } from "../../proto/kernel/quantity.js";
import type { Due, DueTime } from "../index.js";
import { parseMoment } from "./moment.js";
import { countOf, optionValue } from "./option-value.js";

/** Options that say when something is delivered; one of them at most. */
export const DUE_OPTIONS = {
  delay: { type: "string", requiresArg: true, description: "Deliver after this time, such as 30s or 2h" },
  "deliver-at": {
    type: "string",
    requiresArg: true,
    description: "Deliver at this time, such as 2026-11-21T09:30:00Z",
  },
  "delay-level": {
    type: "number",
    requiresArg: true,
    description: "Deliver after the broker's delay of this level, from 1",
  },
} as const;

interface DueArgs {
  readonly delay: string | undefined;
  readonly deliverAt: string | undefined;
  readonly delayLevel: number | undefined;
}

/** The time that was given; undefined without one. BAD_REQUEST for more than one. */
export function dueTimeOf({ delay, deliverAt, delayLevel }: DueArgs): DueTime | undefined {
  if ([delay, deliverAt, delayLevel].filter((given) => given !== undefined).length > 1)
    throw new LogwheelError("BAD_REQUEST", "say one of --delay, --deliver-at and --delay-level");
  if (delay !== undefined) return { delayMs: optionValue("--delay", () => parseDuration(delay)) };
  if (deliverAt !== undefined)
    return { deliverAt: optionValue("--deliver-at", () => parseMoment(deliverAt, systemClock.nowMs())) };
  return delayLevel === undefined ? undefined : { delayLevel: countOf("--delay-level", delayLevel) };
}

/** The same for a message, which may go at once. */
export function dueOf(args: DueArgs): Due {
  return dueTimeOf(args) ?? {};
}
