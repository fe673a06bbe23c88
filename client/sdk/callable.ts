import { inspect } from "node:util";
import { LogwheelError } from "../../proto/kernel/errors.js";

/** Throws BAD_REQUEST, which names it, unless `value` can be called: plain JavaScript is checked by nobody before. */
export function checkCallable(name: string, value: unknown): void {
  if (typeof value === "function") return;
  throw new LogwheelError("BAD_REQUEST", `${name} is ${inspect(value, { depth: 0 })}, not a function`);
}
