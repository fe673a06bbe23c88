import type { ConsumeSession } from "../../proto/kernel/consume-session.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { QueueFlow, QueueName } from "./queue-flow.js";

/**
 * Shared mode: lengthens to `leaseMs` every lease that is older than `ageMs`, of messages that wait and of those in
 * handlers with time left.
 */
export function keepLeases(
  session: ConsumeSession,
  flows: Iterable<QueueFlow>,
  { nowMs, ageMs, leaseMs }: { readonly nowMs: number; readonly ageMs: number; readonly leaseMs: number },
): void {
  for (const { topic, queueId, inFlight, parcels } of flows) {
    const extend = (offset: number, attempt: number): void =>
      session.extend({ topic, queueId, offset, attempt, leaseMs });
    for (const delivery of inFlight.values()) {
      if (nowMs - delivery.leasedMs < ageMs || nowMs >= delivery.deadlineMs) continue;
      delivery.leasedMs = nowMs;
      extend(delivery.offset, delivery.attempt);
    }
    for (const parcel of parcels) {
      if (nowMs - parcel.leasedMs < ageMs) continue;
      parcel.leasedMs = nowMs;
      for (const record of parcel.records.slice(parcel.at)) extend(record.queueOffset, record.attempt);
    }
  }
}

/** The broker has given a message to another member, or somebody has skipped it: its handler is told, or it is never begun. */
export function loseLease(
  flow: QueueFlow,
  lease: QueueName & { readonly offset: number; readonly attempt: number },
): void {
  const { topic, queueId, offset, attempt } = lease;
  const delivery = flow.inFlight.get(offset);
  if (delivery === undefined && waits(flow, offset, attempt)) flow.lost.add(offset);
  if (delivery?.attempt === attempt)
    delivery.lose(
      new LogwheelError(
        "LEASE_EXPIRED",
        `offset ${offset} of queue ${queueId} of topic ${topic} is not this member's any more: its lease ran out, or it was skipped`,
        { topic, broker: flow.broker },
      ),
    );
}

/** Whether this delivery of a message is here and not begun: one that was lost on the way must not count for the next. */
function waits({ parcels, keys }: QueueFlow, offset: number, attempt: number): boolean {
  if (keys.waits(offset, attempt)) return true;
  for (const { records, at } of parcels)
    for (const record of records.slice(at))
      if (record.queueOffset === offset && record.attempt === attempt) return true;
  return false;
}
