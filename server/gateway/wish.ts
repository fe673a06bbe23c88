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
