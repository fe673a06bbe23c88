import { ERRORS, LogwheelError } from "../../proto/kernel/errors.js";
import { printable } from "./output.js";

/** What a verb's end means to a script. Documented in docs/cli.md. */
export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notFound: 3,
  denied: 4,
  unavailable: 5,
  conflict: 6,
  /** Some brokers did it and some did not. */
  partial: 7,
  interrupted: 130,
} as const;

/** Exit codes by gRPC status; every other status is a failure. */
const BY_STATUS: Readonly<Record<number, number>> = {
  1: EXIT.interrupted,
  3: EXIT.usage,
  4: EXIT.unavailable,
  5: EXIT.notFound,
  6: EXIT.conflict,
  7: EXIT.denied,
  8: EXIT.unavailable,
  9: EXIT.conflict,
  10: EXIT.conflict,
  11: EXIT.conflict,
  14: EXIT.unavailable,
  16: EXIT.denied,
};

/** The exit code of whatever was thrown; an error of which a part was done all the same is partial. */
export function exitCodeOf(thrown: unknown): number {
  if (!LogwheelError.is(thrown)) return EXIT.failure;
  if (thrown.sent === "yes") return EXIT.partial;
  return BY_STATUS[ERRORS[thrown.code]?.grpc ?? 0] ?? EXIT.failure;
}

/** What was thrown as one line for a person: what, where, what to do, and the code to look up. */
export function errorLine(thrown: unknown): string {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const line = printable(message.replaceAll(/\s*\n\s*/g, " "));
  return LogwheelError.is(thrown) ? `logwheel: ${line} [${thrown.code}]` : `logwheel: ${line}`;
}
