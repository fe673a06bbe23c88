/** How long a message stays invisible for a push consumer, unless that is lengthened. */
export const RENEWED_MS = 60_000;
/** A lease that is older than this when its message is given out begins anew. */
export const FRESH_MS = 1_000;
/** Leases last no less from the broker on: they outlive the time for which a message may wait to be asked for. */
const LEASE_MS_MIN = 20_000;

/** What a call wants. */
export interface Wish {
  readonly topic: string;
  readonly broker: string;
  /** Below 0, or not in order: any. */
  readonly queueId: number;
  readonly max: number;
  readonly invisibleMs: number;
  /** The lease is lengthened as long as the client is there. */
  readonly renewed: boolean;
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** How long a lease lasts from the broker on, so that the message is given out without another word. */
export function leaseMsOf({ renewed, invisibleMs }: Wish): number {
  return renewed ? RENEWED_MS : invisibleMs + FRESH_MS;
}

/** The leases of a member that is made for a call: what wants shorter ones has them begun anew when it is given out. */
export function memberLeaseMs(wish: Wish): number {
  return wish.invisibleMs < LEASE_MS_MIN ? RENEWED_MS : leaseMsOf(wish);
}
