import { LogwheelError } from "../../proto/kernel/errors.js";
import { CHECK_LIMITS } from "../../proto/kernel/limits.js";

/** A setting that a topic may have an attribute for. */
export type CheckSetting = keyof typeof CHECK_LIMITS;

type Attributes = Readonly<Record<string, string>>;

/** BAD_REQUEST for an attribute that is outside the bounds of its setting. */
export function checkOwnSettings(attributes: Attributes): void {
  for (const name of Object.keys(CHECK_LIMITS) as CheckSetting[]) {
    const { min, max } = CHECK_LIMITS[name];
    if (attributes[name] !== undefined && ownSetting(attributes, name) === undefined)
      throw new LogwheelError(
        "BAD_REQUEST",
        `attribute ${name} is a whole number from ${min} to ${max}, not ${JSON.stringify(attributes[name].slice(0, 40))}`,
      );
  }
}

/** What a topic says of a setting; undefined for nothing, and for what earlier versions took and is outside the bounds. */
export function ownSetting(attributes: Attributes, name: CheckSetting): number | undefined {
  const { min, max } = CHECK_LIMITS[name];
  const own = Number(attributes[name]);
  return Number.isSafeInteger(own) && own >= min && own <= max ? own : undefined;
}
