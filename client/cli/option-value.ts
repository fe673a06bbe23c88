import { LogwheelError } from "../../proto/kernel/errors.js";

/** Reads what was given for an option; the BAD_REQUEST of a value that is none names the option. */
export function optionValue<T>(option: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!LogwheelError.is(thrown, "BAD_REQUEST")) throw thrown;
    throw new LogwheelError("BAD_REQUEST", `${option}: ${thrown.message}`);
  }
}

/** A count that an option gives: whole, `least` or more and `most` or less. BAD_REQUEST names the option. */
export function countOf(option: string, value: number, least = 1, most = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return value;
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
  throw new LogwheelError("BAD_REQUEST", `${option}: ${value} is not a whole number ${bounds}`);
}
