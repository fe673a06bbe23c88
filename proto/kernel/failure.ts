import type { Failure, Failure__Output } from "../gen/logwheel/v1/Failure.js";
import { ERRORS, type ErrorCode, LogwheelError, type Sent } from "./errors.js";

const SENT: readonly Sent[] = ["no", "yes", "maybe"];

/** The error as a message of the protocol. */
export function failureOf(error: LogwheelError): Failure {
  return {
    code: error.code,
    message: error.message,
    sent: SENT.indexOf(error.sent) as 0 | 1 | 2,
    retryAfterMs: Math.ceil(error.details.retryAfterMs ?? 0),
  };
}

/** The error that a message of the protocol stands for. A code of a newer version becomes INTERNAL and is named. */
export function errorOf(failure: Failure__Output): LogwheelError {
  return rebuildError(failure.code, failure.message, SENT[failure.sent], failure.retryAfterMs);
}

/** The error of a code, a sentence and details that came from another process. */
export function rebuildError(
  code: string,
  message: string,
  sent: Sent | undefined,
  retryAfterMs: number,
): LogwheelError {
  const known = Object.hasOwn(ERRORS, code);
  return new LogwheelError(
    known ? (code as ErrorCode) : "INTERNAL",
    known ? message : `${code}: ${message}`,
    {
      ...(sent === undefined ? {} : { sent }),
      ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
    },
  );
}
