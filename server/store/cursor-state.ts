/** How far a group has come in one queue. */
export interface CursorState {
  /** Everything below is acknowledged. */
  readonly floor: number;
  /** Acknowledged above the floor: sorted, disjoint, half-open. */
  readonly acked: readonly (readonly [start: number, end: number])[];
  /** Waiting for another delivery. */
  readonly retries: readonly (readonly [offset: number, attempt: number, dueMs: number])[];
  /** Generation of the last reset, 0 without one: what was delivered under an earlier one counts no more. */
  readonly fence: number;
}

/** One moved cursor in the payload of a cursors record: absolute values, so that reducing twice changes nothing. */
export type CursorChange = [
  group: number,
  topic: number,
  queueId: number,
  floor: number,
  acked: CursorState["acked"],
  retries: CursorState["retries"],
  fence: number,
];
