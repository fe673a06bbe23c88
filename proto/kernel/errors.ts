/** gRPC's status codes, so that this file needs no gRPC library (https://grpc.io/docs/guides/status-codes/). */
export const status = {
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/**
 * What a caller may do after a failure: nothing; ask for new routes and try there; wait and try the same broker; try
 * another broker.
 */
export type Retry = "never" | "reroute" | "backoff" | "other";

/** Whether a failed send may have stored its message. */
export type Sent = "no" | "yes" | "maybe";

interface Row {
  /** Status on the wire. */
  readonly grpc: number;
  readonly retry: Retry;
  /** What `sent` is unless the thrower knows better. */
  readonly sent: Sent;
  readonly doc: string;
}

/** The only place where an error code is named and explained; docs/errors.md is printed from it. */
// biome-ignore format: a table
export const ERRORS = {
  BAD_REQUEST:           { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "An argument is missing, malformed or out of its bounds; the message says which." },
  FILTER_INVALID:        { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "A tag or SQL filter cannot be read, or both were given; the message says why and, for SQL, in which column." },
  MESSAGE_TOO_LARGE:     { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "The body, the properties or the whole message is over its limit." },
  DELAY_LEVEL_UNKNOWN:   { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "The broker has no such delay level; the message lists those it has." },
  DELAY_TOO_LONG:        { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "The time of delivery lies further ahead than the broker allows." },
  MESSAGE_TYPE_MISMATCH: { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "The topic's type does not take such a message, for example an ordered topic one without an ordering key." },
  CODEC:                 { grpc: status.INVALID_ARGUMENT,    retry: "never",   sent: "no",    doc: "A body could not be encoded for, or decoded by, the topic's codec or schema." },
  TOPIC_NOT_FOUND:       { grpc: status.NOT_FOUND,           retry: "reroute", sent: "no",    doc: "No broker that was asked has the topic." },
  TRANSACTION_NOT_FOUND: { grpc: status.NOT_FOUND,           retry: "never",   sent: "no",    doc: "No transaction has this id, or its half is on another topic, or retention has dropped it long after it ended." },
  GROUP_NOT_FOUND:       { grpc: status.NOT_FOUND,           retry: "never",   sent: "no",    doc: "The broker has no such consumer group." },
  REDRIVE_TOPIC_NOT_FOUND: { grpc: status.NOT_FOUND,         retry: "never",   sent: "no",    doc: "Dead letters are to be sent to a topic that the broker does not have." },
  MESSAGE_NOT_FOUND:     { grpc: status.NOT_FOUND,           retry: "never",   sent: "no",    doc: "No message has this id, or retention has dropped it." },
  CLIENT_NOT_FOUND:      { grpc: status.NOT_FOUND,           retry: "never",   sent: "no",    doc: "No gateway that was asked knows a client of RocketMQ with this id." },
  BROKER_NOT_FOUND:      { grpc: status.NOT_FOUND,           retry: "reroute", sent: "no",    doc: "No registered broker has this name." },
  SERVICE_NOT_FOUND:     { grpc: status.NOT_FOUND,           retry: "never",   sent: "no",    doc: "The server does not offer the service that its health was asked of." },
  TOPIC_EXISTS:          { grpc: status.ALREADY_EXISTS,      retry: "never",   sent: "no",    doc: "A topic of this name exists already." },
  GROUP_EXISTS:          { grpc: status.ALREADY_EXISTS,      retry: "never",   sent: "no",    doc: "A consumer group of this name exists already." },
  UNAUTHENTICATED:       { grpc: status.UNAUTHENTICATED,     retry: "never",   sent: "no",    doc: "The caller did not prove who it is." },
  FORBIDDEN:             { grpc: status.PERMISSION_DENIED,   retry: "never",   sent: "no",    doc: "The topic's permission, or the caller's, does not allow this." },
  NOT_ASSIGNED:          { grpc: status.FAILED_PRECONDITION, retry: "never",   sent: "no",    doc: "The member does not, or no longer, own the queue: an acknowledgement of an old generation is refused." },
  SUBSCRIPTION_MISMATCH: { grpc: status.FAILED_PRECONDITION, retry: "never",   sent: "no",    doc: "Members of one group must subscribe to the same; the message says what differs." },
  LEASE_EXPIRED:         { grpc: status.FAILED_PRECONDITION, retry: "never",   sent: "no",    doc: "The lease of a shared message ran out and the message may have gone to another member." },
  CONFLICT:              { grpc: status.FAILED_PRECONDITION, retry: "never",   sent: "no",    doc: "The thing is in a state that does not allow this, for example a group with members that should be deleted." },
  TRANSACTION_CONFLICT:  { grpc: status.FAILED_PRECONDITION, retry: "never",   sent: "no",    doc: "The transaction was decided the other way before; the message says how." },
  SEQUENCE_GAP:          { grpc: status.FAILED_PRECONDITION, retry: "backoff", sent: "no",    doc: "An ordered message came before its predecessor of the same producer and queue." },
  SEQUENCE_UNKNOWN:      { grpc: status.ABORTED,             retry: "never",   sent: "maybe", doc: "The sequence lies below the window of what the broker remembers of this producer." },
  OFFSET_OUT_OF_RANGE:   { grpc: status.OUT_OF_RANGE,        retry: "never",   sent: "no",    doc: "The queue has no such offset; details carry its first and end offset." },
  THROTTLED:             { grpc: status.RESOURCE_EXHAUSTED,  retry: "backoff", sent: "no",    doc: "The broker has as much accepted and unanswered work as it allows itself, or a limit was reached." },
  DISK_FULL:             { grpc: status.RESOURCE_EXHAUSTED,  retry: "other",   sent: "no",    doc: "The broker's disk is at its limit: it takes no messages until retention or an operator makes room." },
  BROKER_STOPPING:       { grpc: status.UNAVAILABLE,         retry: "other",   sent: "no",    doc: "The broker is stopping and takes no new work." },
  BROKER_UNAVAILABLE:    { grpc: status.UNAVAILABLE,         retry: "other",   sent: "no",    doc: "The broker or name server cannot be reached." },
  CONNECTION_LOST:       { grpc: status.UNAVAILABLE,         retry: "backoff", sent: "maybe", doc: "The connection broke before an answer came." },
  STORE_FAILED:          { grpc: status.UNAVAILABLE,         retry: "backoff", sent: "maybe", doc: "A write or sync of the broker's log failed: what waited for it may or may not be stored." },
  LOG_CORRUPT:           { grpc: status.DATA_LOSS,           retry: "never",   sent: "no",    doc: "Stored bytes fail their checksum." },
  TIMEOUT:               { grpc: status.DEADLINE_EXCEEDED,   retry: "backoff", sent: "maybe", doc: "No answer came within the time allowed." },
  ABORTED:               { grpc: status.CANCELLED,           retry: "never",   sent: "maybe", doc: "The caller's signal aborted the call." },
  CLOSED:                { grpc: status.CANCELLED,           retry: "never",   sent: "no",    doc: "The client, producer or consumer was closed." },
  UNSUPPORTED_VERSION:   { grpc: status.UNIMPLEMENTED,       retry: "never",   sent: "no",    doc: "Client and server, or software and data folder, are of versions that do not fit; the message names both." },
  PROTOCOL:              { grpc: status.INTERNAL,            retry: "never",   sent: "maybe", doc: "The other side sent bytes that make no sense here." },
  INTERNAL:              { grpc: status.INTERNAL,            retry: "never",   sent: "maybe", doc: "A bug; the broker's log has the details." },
} as const satisfies Record<string, Row>;

/** Machine-readable name of a failure. */
export type ErrorCode = keyof typeof ERRORS;

/** What is known about a failure besides its code and sentence. */
export interface ErrorDetails {
  /** Whether a send may have stored its message; the code's own answer by default. */
  readonly sent?: Sent;
  readonly topic?: string;
  readonly broker?: string;
  /** Milliseconds after which another try makes sense. */
  readonly retryAfterMs?: number;
  /** How often it was tried. */
  readonly attempts?: number;
  readonly cause?: unknown;
}

const BRAND = Symbol.for("logwheel.error");

/** The one error of logwheel: servers throw it, clients rebuild it with the same code. */
export class LogwheelError extends Error {
  readonly code: ErrorCode;
  readonly sent: Sent;
  readonly details: ErrorDetails;
  readonly [BRAND] = true;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = "LogwheelError";
    this.code = code;
    this.sent = details.sent ?? ERRORS[code].sent;
    this.details = details;
  }

  /** Whether the same request may succeed later or elsewhere. */
  get retryable(): boolean {
    return this.retry !== "never";
  }

  /** How to try again. */
  get retry(): Retry {
    return ERRORS[this.code].retry;
  }

  /** Whether a thrown value is a LogwheelError, of any copy of this package, and of `code` if that is given. */
  static is(thrown: unknown, code?: ErrorCode): thrown is LogwheelError {
    if (typeof thrown !== "object" || thrown === null || !(BRAND in thrown)) return false;
    return code === undefined || (thrown as LogwheelError).code === code;
  }

  /** Total: whatever was thrown, the caller gets a LogwheelError and the original stays as its cause. */
  static from(thrown: unknown): LogwheelError {
    if (LogwheelError.is(thrown)) return thrown;
    const message = thrown instanceof Error ? thrown.message : String(thrown);
    return new LogwheelError("INTERNAL", message, { cause: thrown });
  }

  /** Plain data for loggers: no stack, no cause. */
  toJSON(): object {
    const { cause: _, ...details } = this.details;
    return { name: this.name, code: this.code, message: this.message, sent: this.sent, ...details };
  }
}
