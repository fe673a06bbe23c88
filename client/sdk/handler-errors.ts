/** Thrown by a handler: deliver the message again after `delayMs`. */
export class RetryLater extends Error {
  readonly delayMs: number;

  constructor(delayMs: number, options?: { readonly cause?: unknown }) {
    super(`to be delivered again in ${delayMs} ms`, options);
    this.name = "RetryLater";
    this.delayMs = delayMs;
  }
}

/** Thrown by a handler: never deliver the message to this group again; it goes to the group's dead letters at once. */
export class Reject extends Error {
  constructor(reason = "rejected by the handler", options?: { readonly cause?: unknown }) {
    super(reason, options);
    this.name = "Reject";
  }
}
