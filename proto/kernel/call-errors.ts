import type { AnyMethod, Method } from "./channel.js";
import { LogwheelError, type Sent } from "./errors.js";

/** The caller's signal ended the call. */
export function aborted(method: AnyMethod, sent: Sent): LogwheelError {
  return new LogwheelError("ABORTED", `${method.path} was aborted by its caller`, { sent });
}

/** The call's time was over. */
export function timedOut(
  address: string,
  method: AnyMethod,
  timeoutMs: number,
  sent: Sent = "maybe",
): LogwheelError {
  const what = sent === "no" ? "could not be reached for" : "did not answer";
  return new LogwheelError("TIMEOUT", `${address} ${what} ${method.path} within ${timeoutMs} ms`, { sent });
}

/** The channel was closed by its owner, before or during the call. */
export function channelClosed(address: string, sent: Sent): LogwheelError {
  return new LogwheelError("CLOSED", `the channel to ${address} was closed`, { sent });
}

/** The server has no such method. */
export function unknownMethod(address: string, method: AnyMethod): LogwheelError {
  return new LogwheelError(
    "UNSUPPORTED_VERSION",
    `${address} does not know ${method.path}: client and server are of versions that do not fit`,
  );
}

/** What the bytes of a reply say; PROTOCOL if they make no sense. */
export function readReply<ROut>(
  address: string,
  method: Method<never, unknown, never, ROut>,
  bytes: Buffer,
): ROut {
  try {
    return method.reply.decode(bytes);
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError(
      "PROTOCOL",
      `${address} answered ${method.path} with bytes that make no sense: ${why}`,
      { cause: thrown },
    );
  }
}

/** What a server's stream ends with when its client cancels or vanishes. */
export function callerGone(): LogwheelError {
  return new LogwheelError("CONNECTION_LOST", "the caller cancelled the call or its connection broke");
}

/** Reason of a call's signal once it is over: made once, because an error with a stack for each call is dear. */
export const CALL_OVER = new LogwheelError("CLOSED", "the call is over");

/** The server is going to stop. */
export function stopping(address: string): LogwheelError {
  return new LogwheelError("BROKER_STOPPING", `the server at ${address} is stopping; try another one`);
}
