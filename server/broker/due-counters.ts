/** What delays and transactions have done since the start. Read by metrics. */
export interface DueCounters {
  delayedDelivered: number;
  /** By how much they were late, all together, milliseconds. */
  lateMs: number;
  /** Delivered more than a second late. */
  delayedLate: number;
  delayedCancelled: number;
  /** Due, but their topic was gone. */
  delayedDropped: number;
  transactionsCommitted: number;
  transactionsRolledBack: number;
  /** Questions that were put to a producer. */
  questionsAsked: number;
  transactionsParked: number;
  /** Messages that were copied to the end of the log, so that their segments could go, and the bytes of the copies. */
  copied: number;
  copiedBytes: number;
}

/** Everything at zero. */
export function dueCounters(): DueCounters {
  return {
    delayedDelivered: 0,
    lateMs: 0,
    delayedLate: 0,
    delayedCancelled: 0,
    delayedDropped: 0,
    transactionsCommitted: 0,
    transactionsRolledBack: 0,
    questionsAsked: 0,
    transactionsParked: 0,
    copied: 0,
    copiedBytes: 0,
  };
}
