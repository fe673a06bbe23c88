import type { Queue } from "../store/queue.js";
import type { GroupState } from "../store/state.js";
import type { Store } from "../store/store.js";
import { Cursor } from "./cursor.js";
import type { Cursors, OpenCursor } from "./cursors.js";
import type { Place, Places } from "./lanes.js";

/** Where a broadcasting member is on a queue; undefined if it does not know. */
export type Positions = (queue: Queue) => number | undefined;

/** The cursors of a group, which last. */
export function storedPlaces(cursors: Cursors, group: GroupState): Places {
  const place = (open: OpenCursor): Place => ({ cursor: open.cursor, open });
  return {
    find(queue) {
      const open = cursors.open(group, queue);
      return open && place(open);
    },
    knows: (topic) => topic.queues.some((queue) => cursors.has(group, queue)),
    make: (queue, offset) => place(cursors.create(group, queue, offset)),
    close({ open }) {
      if (open !== null) cursors.unpin(open);
    },
  };
}

/** The places of a broadcasting member, which keeps them itself. */
export function ownPlaces(store: Store, positions: Positions): Places {
  const begun = new WeakSet<Queue>();
  const place = (queue: Queue, offset: number): Place => {
    begun.add(queue);
    return { cursor: Cursor.at(offset), open: null };
  };
  const position = (queue: Queue): number | undefined => (begun.has(queue) ? undefined : positions(queue));
  return {
    find(queue) {
      const offset = position(queue);
      return offset === undefined ? undefined : place(queue, Math.min(offset, store.endOffset(queue)));
    },
    knows: (topic) => topic.queues.some((queue) => begun.has(queue) || position(queue) !== undefined),
    make: place,
    close() {},
  };
}
