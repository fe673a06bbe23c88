import { checkRetryDelay } from "./retry-delay.js";

/** Thrown by a handler: deliver the message again after `delayMs`, at most a week. */
export class RetryLater extends Error {
  readonly delayMs: number;

  /** Throws BAD_REQUEST for what is not a number of milliseconds from 0 on. */
  constructor(delayMs: number, options?: { readonly cause?: unknown }) {
    checkRetryDelay(delayMs);
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
