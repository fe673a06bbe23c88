import { createHash } from "node:crypto";
import { LogwheelError } from "../../proto/kernel/errors.js";

/**
 * The SHA-256 of parameters, for requests that bring no id: equal parameters have equal keys, in whatever order an object
 * names them. Throws BAD_REQUEST for what has no JSON form.
 */
export function parametersKey(parameters: unknown): string {
  const text = JSON.stringify(parameters, sorted);
  if (text === undefined)
    throw new LogwheelError(
      "BAD_REQUEST",
      `parameters of type ${typeof parameters} have no JSON form to hash`,
    );
  return createHash("sha256").update(text).digest("hex");
}

function sorted(_name: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0)),
  );
}
