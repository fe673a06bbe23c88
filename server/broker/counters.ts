/** What consuming has done since the start, besides deliveries. Counted per batch, read by metrics. */
export interface ConsumeCounters {
  /** Delivered, not for the first time. */
  messagesRedelivered: number;
  messagesAcknowledged: number;
  messagesFailed: number;
  leasesExpired: number;
  /** Left behind by retention before their group had acknowledged them. */
  messagesUnread: number;
  /** How often a queue stood still for long, because one message was not acknowledged. */
  queuesHeldUp: number;
  /** Queues that got an owner. */
  assignments: number;
  /** Acknowledgements that were refused. */
  acknowledgementsRefused: number;
}

/** Everything at zero. */
export function consumeCounters(): ConsumeCounters {
  return {
    messagesRedelivered: 0,
    messagesAcknowledged: 0,
    messagesFailed: 0,
    leasesExpired: 0,
    messagesUnread: 0,
    queuesHeldUp: 0,
    assignments: 0,
    acknowledgementsRefused: 0,
  };
}
