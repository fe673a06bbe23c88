import { logVerbosity, type Metadata, type StatusObject, setLogVerbosity, status } from "@grpc/grpc-js";
import { timedOut, unknownMethod } from "./call-errors.js";
import type { AnyMethod } from "./channel.js";
import { errorFromTrailers } from "./error-trailers.js";
import { LogwheelError } from "./errors.js";

// The library writes to the console by itself; everything it has to say reaches callers as errors.
setLogVerbosity(logVerbosity.NONE);

/** A failure as the library gives it. */
export type GrpcFailure = Pick<StatusObject, "code" | "details"> & Partial<Pick<StatusObject, "metadata">>;

/** The library's words for calls that never reached a server. */
const NOT_SENT =
  /^No connection established|^Channel closed before call started|^Stream refused by server|^Name resolution failed|Waiting for LB pick|^Subchannel not ready|^Resolution note/i;

/** The library wraps the system's words in its own; the second part is about its load balancers. */
const LAST_ERROR = /^No connection established\. Last error: (?:Error: )?(.+?)(?:\. Resolution note: .*)?$/;

/** First value of a piece of metadata. */
export function textOf(metadata: Metadata | undefined, name: string): string | undefined {
  const value = metadata?.get(name)[0];
  return value === undefined ? undefined : value.toString();
}

/** Whether the server itself chose this status, rather than the library on either side. */
export function isFromServer(failure: GrpcFailure): boolean {
  return textOf(failure.metadata, "mq-code") !== undefined;
}

/** The error that a client's call failed with. */
export function errorOfStatus(
  failure: GrpcFailure,
  call: { readonly address: string; readonly method: AnyMethod; readonly timeoutMs: number | undefined },
): LogwheelError {
  const told = errorFromTrailers((name) => textOf(failure.metadata, name));
  return told ?? errorOfCode(failure, call);
}

function errorOfCode(
  failure: GrpcFailure,
  call: { readonly address: string; readonly method: AnyMethod; readonly timeoutMs: number | undefined },
): LogwheelError {
  const { address, method } = call;
  const sent = NOT_SENT.test(failure.details) ? "no" : "maybe";
  const cause = failure.details;
  switch (failure.code) {
    case status.UNAVAILABLE:
      if (sent === "no")
        return new LogwheelError("BROKER_UNAVAILABLE", noConnection(address, cause), { sent });
      return new LogwheelError("CONNECTION_LOST", `the connection to ${address} broke: ${cause}`);
    case status.DEADLINE_EXCEEDED:
      return timedOut(address, method, call.timeoutMs ?? 0, sent);
    case status.CANCELLED:
      return new LogwheelError("CONNECTION_LOST", `${address} cancelled ${method.path}: ${cause}`);
    case status.UNIMPLEMENTED:
      return unknownMethod(address, method);
    case status.RESOURCE_EXHAUSTED:
      if (/larger than/.test(cause)) return new LogwheelError("MESSAGE_TOO_LARGE", `${address}: ${cause}`);
      return new LogwheelError("THROTTLED", `${address}: ${cause}`, { sent });
    case status.UNAUTHENTICATED:
      return new LogwheelError("UNAUTHENTICATED", `${address}: ${cause}`);
    case status.PERMISSION_DENIED:
      return new LogwheelError("FORBIDDEN", `${address}: ${cause}`);
    case status.INTERNAL:
    case status.UNKNOWN:
      if (/RST_STREAM|ECONNRESET|Connection|Write error|HTTP\/2|session/i.test(cause))
        return new LogwheelError("CONNECTION_LOST", `the connection to ${address} broke: ${cause}`);
      break;
  }
  return new LogwheelError("PROTOCOL", `${address} answered with gRPC status ${failure.code}: ${cause}`);
}

function noConnection(address: string, details: string): string {
  return `no connection to ${address}: ${LAST_ERROR.exec(details)?.[1] ?? details}; does a server listen there?`;
}
