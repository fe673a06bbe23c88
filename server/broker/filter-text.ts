import { LogwheelError } from "../../proto/kernel/errors.js";

/** UTF-8 bytes of a filter at most. */
export const FILTER_BYTES_MAX = 1_024;

const SHOWN_MAX = 60;

/** FILTER_INVALID of a filter of a kind ("tag", "SQL"); `why` is a sentence without its end. */
export function invalidFilter(kind: string, text: string, why: string): LogwheelError {
  const shown = JSON.stringify(text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text);
  return new LogwheelError("FILTER_INVALID", `the ${kind} filter ${shown} is not valid: ${why}`);
}

/** Throws FILTER_INVALID for a text that is too long. */
export function checkFilterLength(kind: string, text: string): void {
  if (Buffer.byteLength(text) > FILTER_BYTES_MAX)
    throw invalidFilter(kind, text, `it is longer than ${FILTER_BYTES_MAX} bytes`);
}
