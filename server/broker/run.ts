/** Messages of a queue that may be delivered now. */
export interface Run {
  readonly from: number;
  /** One past the last. */
  readonly to: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  /** A failed message that is come to on the way up, only to know its key. */
  readonly passes?: true;
}

/** `any`: what failed is delivered again whenever its time comes. `key`: nothing of its key that is behind it is delivered before it. */
export type Order = "any" | "key";

/** The present by both clocks: the wall clock stands in the log, deadlines go by the other. */
export interface Instant {
  readonly wallMs: number;
  readonly deadlineMs: number;
}
