import type { Lane } from "./lane.js";
import type { Member } from "./member.js";

/**
 * The first deadline of a group's members and queues, by the deadline clock; Infinity without one. What has passed already
 * is among it, so that no deadline is lost between two readings of the clock.
 */
export function nextDeadlineMs(members: Iterable<Member>, lanes: readonly Lane[]): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { lostAtMs } of members) nextMs = Math.min(nextMs, lostAtMs);
  for (const { holder, cursor } of lanes) {
    if (holder.state === "revoking") nextMs = Math.min(nextMs, holder.untilMs);
    nextMs = Math.min(nextMs, cursor.nextLeaseEndMs);
  }
  return nextMs;
}
