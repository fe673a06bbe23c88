/** A server that takes calls. */
export interface Listening {
  /** `host:port` as bound. */
  readonly address: string;
  readonly port: number;
  /** Open connections. */
  connections(): number;
  /**
   * Takes no new calls, ends streams with BROKER_STOPPING, waits up to `graceMs` for running calls and drops what is
   * left. Idempotent.
   */
  stop(graceMs: number): Promise<void>;
}
