import { HEADER_BYTES } from "../store/record.js";

/** Bytes of messages that are moved as one group of records, but for a single larger one. */
const BATCH_BYTES = 1 << 20;

/** Bytes of one range or failed message in a cursors record, at most. */
const HELD_BYTES = 64;

/** What fits one group of records. */
export interface MovedGroup {
  /** How many of the messages, from the first on. */
  readonly count: number;
  /** To reserve for them and their cursor. */
  readonly bytes: number;
}

/**
 * How many messages of these sizes are moved as one group with the record of their cursor, which holds `held` ranges and failed
 * messages and may get one more for each: at least one. What the cursor takes does not count against their room, or one
 * that holds thousands would be written again for each message.
 */
export function movedGroup(
  sizes: readonly number[],
  held: number,
  fits: (bytes: number) => boolean,
): MovedGroup {
  const cursorBytes = HEADER_BYTES + HELD_BYTES * (held + sizes.length + 4);
  let own = 0;
  let count = 0;
  for (const size of sizes) {
    const more = own + HEADER_BYTES + size;
    if (count > 0 && (more > BATCH_BYTES || !fits(cursorBytes + more))) break;
    own = more;
    count++;
  }
  return { count, bytes: cursorBytes + own };
}
