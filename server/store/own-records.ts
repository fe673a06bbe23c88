import type { CursorChange, CursorState } from "./cursor-state.js";
import type { Queue } from "./queue.js";
import type { Header } from "./record.js";
import type { GroupState } from "./state.js";

/** How far a group has come in a queue. */
export interface MovedCursor {
  readonly group: GroupState;
  readonly queue: Queue;
  readonly state: CursorState;
}

/** A message that the broker itself puts into a queue, encoded. */
export interface OwnMessage extends Pick<Header, "keyed" | "hasTtl" | "tagHash" | "keyHash"> {
  readonly queue: Queue;
  readonly bytes: Buffer;
}

/** A moved cursor as the log has it. */
export function cursorChange({ group, queue, state }: MovedCursor): CursorChange {
  return [group.number, queue.topic.number, queue.id, state.floor, state.acked, state.retries, state.fence];
}
