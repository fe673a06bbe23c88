import type { Extend__Output } from "../../proto/gen/logwheel/v1/Extend.js";
import type { Nack__Output } from "../../proto/gen/logwheel/v1/Nack.js";
import type { QueueAck__Output } from "../../proto/gen/logwheel/v1/QueueAck.js";
import type { Range__Output } from "../../proto/gen/logwheel/v1/Range.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { LEASE_MS_MAX, RETRY_DELAY_MS_MAX } from "../../proto/kernel/limits.js";
import type { Queue } from "../store/queue.js";
import type { Lane } from "./lane.js";
import { retryDelayMs } from "./retry-ladder.js";
import type { Instant } from "./run.js";
import type { Mode } from "./subscription.js";

/** Lease that a member gets which asks for none. */
export const LEASE_MS = 30_000;

/** Offsets that a refusal names. */
const NAMED_MAX = 5;

/** Who says something of a queue, and how its group consumes. */
export interface Speaker {
  readonly member: string;
  readonly mode: Mode;
}

/** Takes what a member has handled; returns why it, or a part of it, was not taken. `end` is the queue's. */
export function acknowledge(
  lane: Lane,
  speaker: Speaker,
  { generation, ranges }: QueueAck__Output,
  end: number,
): LogwheelError | null {
  const wrong = checkRanges(lane.queue, ranges, end);
  if (wrong !== null) return wrong;
  if (!counts(lane, speaker, generation)) return notAssigned(lane, speaker, generation);
  if (speaker.mode === "shared") return acknowledgeLeased(lane, speaker.member, ranges);
  for (const range of ranges) lane.cursor.ack(range.start, range.end);
  return null;
}

/** Whether what is said of this generation counts. Shared queues have no owner: there only a reset begins another one. */
function counts(lane: Lane, { member, mode }: Speaker, generation: number): boolean {
  return mode === "shared" ? lane.generation === generation : lane.countsFor(member, generation);
}

function acknowledgeLeased(
  lane: Lane,
  member: string,
  ranges: readonly Range__Output[],
): LogwheelError | null {
  const refused = ranges.flatMap(({ start, end }) => lane.cursor.ackLeased(start, end, member).refused);
  if (refused.length === 0) return null;
  const named = refused.slice(0, NAMED_MAX).join(", ") + (refused.length > NAMED_MAX ? ", …" : "");
  return new LogwheelError(
    "LEASE_EXPIRED",
    `${refused.length} acknowledgements of ${show(lane.queue)} were not taken: the leases ran out and the messages went to other members (offsets ${named})`,
    { topic: lane.queue.topic.name },
  );
}

/** Why these ranges of a queue that ends at `end` cannot be acknowledged; null if they can. */
export function checkRanges(
  queue: Queue,
  ranges: readonly Range__Output[],
  end: number,
): LogwheelError | null {
  for (const range of ranges) {
    if (range.start >= range.end)
      return new LogwheelError(
        "BAD_REQUEST",
        `an acknowledgement of ${show(queue)} has an empty range: ${range.start} to ${range.end}`,
      );
    if (range.end > end)
      return new LogwheelError(
        "OFFSET_OUT_OF_RANGE",
        `an acknowledgement of ${show(queue)} goes up to offset ${range.end}; the queue ends at ${end}`,
        { topic: queue.topic.name },
      );
  }
  return null;
}

/** How a group delivers again. */
export interface RetryRules {
  readonly maxAttempts: number;
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/** What becomes of a message that a member failed to handle. */
export type Failed =
  | { readonly next: "again"; readonly readyAtMs: number }
  /** No member had begun with it. */
  | { readonly next: "unseen"; readonly readyAtMs: number }
  /** The cursor holds it. */
  | { readonly next: "dead"; readonly reason: "attempts" | "rejected" };

/**
 * Takes back what a member failed to handle; null if the delivery was not the member's to fail: an answer to an older
 * one, a repeat. `end` is the queue's.
 */
export function fail(
  lane: Lane,
  speaker: Speaker,
  nack: Nack__Output,
  { now, end, rules }: { now: Instant; end: number; rules: RetryRules },
): Failed | null {
  const { offset } = nack;
  const { member, mode } = speaker;
  const attempt = Math.max(1, nack.attempt);
  if (offset >= end || !counts(lane, speaker, nack.generation)) return null;
  if (mode === "ordered") lane.cursor.giveBack(offset, nack.keyHash);
  const unseen = nack.unseen && mode === "shared";
  const dead = !unseen && (nack.reject || attempt >= rules.maxAttempts);
  const wishMs = nack.delayMs ?? retryDelayMs(rules.retryDelaysMs, attempt);
  const delayMs = dead ? 0 : Math.min(wishMs, RETRY_DELAY_MS_MAX);
  const readyAtMs = now.deadlineMs + delayMs;
  const failed = mode === "shared" ? { offset, attempt, holder: member } : { offset, attempt };
  const next = {
    attempt: unseen ? attempt : attempt + 1,
    dueMs: Math.round(now.wallMs + delayMs),
    readyAtMs,
  };
  if (!lane.cursor.nack(failed, next)) return null;
  if (!dead) return { next: unseen ? "unseen" : "again", readyAtMs };
  lane.cursor.hold(offset);
  return { next: "dead", reason: nack.reject ? "rejected" : "attempts" };
}

/** Sets a new end to a lease, later or earlier; returns it, or null if the member has the lease no more. */
export function extendLease(
  lane: Lane,
  member: string,
  extend: Extend__Output,
  nowMs: number,
): number | null {
  const endsMs = nowMs + Math.min(extend.leaseMs || LEASE_MS, LEASE_MS_MAX);
  return lane.cursor.extend(extend.offset, member, extend.attempt, endsMs) ? endsMs : null;
}

/** The refusal of what a member says of a queue that it does not have, or not any more under this generation. */
function notAssigned(lane: Lane, { member, mode }: Speaker, generation: number): LogwheelError {
  const nobody = mode === "shared" ? "all members have it" : "nobody has it";
  const owner = lane.member === undefined ? nobody : `member ${lane.member} has it`;
  return new LogwheelError(
    "NOT_ASSIGNED",
    `${show(lane.queue)} is not assigned to member ${member} under generation ${generation}: ${owner} under generation ${lane.generation}`,
    { topic: lane.queue.topic.name },
  );
}

/** A queue for people. */
export function show(queue: Queue): string {
  return `queue ${queue.id} of topic ${queue.topic.name}`;
}
