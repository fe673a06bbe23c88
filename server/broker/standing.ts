/** Where a group stands in one queue, for people. Each message is in one of the last three, or acknowledged. */
export interface Counts {
  /** Not acknowledged, whatever its state. */
  readonly lag: number;
  readonly ready: number;
  /** Delivered, without an answer yet. */
  readonly inFlight: number;
  /** Failed, waiting for the next attempt; in order by key also what waits behind such a message. */
  readonly retrying: number;
}

/** The lowest offset in each state; Infinity where no message is. */
export interface Oldest {
  readonly ready: number;
  readonly inFlight: number;
  readonly retrying: number;
}

/** How one message stands with a group. */
export interface Standing {
  /** Of the delivery that is out, or of the next. */
  readonly attempt: number;
  readonly inFlight: boolean;
  /** In order by key: messages that wait for it. */
  readonly waiting: number;
  /** Id of the member that has a lease on it. */
  readonly holder: string | undefined;
}
