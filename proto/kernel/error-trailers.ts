import { ERRORS, type LogwheelError, type Sent } from "./errors.js";
import { rebuildError } from "./failure.js";

/** An error as gRPC carries it: a status and trailing metadata. */
export interface StatusTrailers {
  readonly status: number;
  /** For callers that know only gRPC. */
  readonly details: string;
  readonly trailers: Readonly<Record<string, string>>;
}

const CODE = "mq-code";
const MESSAGE = "mq-message";
const SENT = "mq-sent";
const RETRY_AFTER_MS = "mq-retry-after-ms";

const MESSAGE_LENGTH_MAX = 600;

/** The error as status and trailers. Long sentences are cut: headers have a limit. */
export function trailersOf(error: LogwheelError): StatusTrailers {
  const message = sayable(error.message);
  const retryAfterMs = error.details.retryAfterMs;
  return {
    status: ERRORS[error.code].grpc,
    details: message,
    trailers: {
      [CODE]: error.code,
      [MESSAGE]: encodeURIComponent(message),
      [SENT]: error.sent,
      ...(retryAfterMs === undefined ? {} : { [RETRY_AFTER_MS]: String(Math.ceil(retryAfterMs)) }),
    },
  };
}

/** The error that the trailers tell of; null if they are not from a logwheel server. */
export function errorFromTrailers(read: (name: string) => string | undefined): LogwheelError | null {
  const code = read(CODE);
  if (code === undefined) return null;
  const sent = read(SENT);
  const known = sent === "no" || sent === "yes" || sent === "maybe" ? (sent as Sent) : undefined;
  return rebuildError(code, decoded(read(MESSAGE) ?? ""), known, Number(read(RETRY_AFTER_MS)) || 0);
}

/** Without halves of surrogate pairs, which no URI encoding takes. */
function sayable(message: string): string {
  const cut = message.length > MESSAGE_LENGTH_MAX ? `${message.slice(0, MESSAGE_LENGTH_MAX)}…` : message;
  return Buffer.from(cut).toString();
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
