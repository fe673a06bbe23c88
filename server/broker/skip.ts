import type { SkipMessageReply } from "../../proto/gen/logwheel/v1/SkipMessageReply.js";
import type { SkipMessageRequest__Output } from "../../proto/gen/logwheel/v1/SkipMessageRequest.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "../store/queue.js";
import type { Cursor } from "./cursor.js";
import type { Groups } from "./groups.js";
import { queueOf } from "./readable.js";
import { show } from "./settlement.js";
import type { Topics } from "./topics.js";

/**
 * Acknowledges one message in a group's place, for example one that always fails and that its key waits for; with `dryRun`
 * only says how it stands. A member that has it is told that the result no longer counts. Answers when a restart keeps it.
 * OFFSET_OUT_OF_RANGE if the queue has no such message, CONFLICT if the group has nothing to do with it any more.
 */
export async function skipMessage(
  groups: Groups,
  topics: Topics,
  request: SkipMessageRequest__Output,
): Promise<SkipMessageReply> {
  const { cursors, logger } = groups.deps;
  const { group, topic, queueId, offset, dryRun } = request;
  const state = groups.get(group);
  const queue = queueOf(topics, request);
  const cursor = cursors.peek(state, queue);
  checkPending(groups, { group, queue, cursor, offset });
  const { attempt, inFlight, waiting, holder } = cursor!.about(offset);
  const standing = { failures: attempt - 1, inFlight, waiting };
  if (dryRun) return standing;
  const open = cursors.open(state, queue)!;
  open.cursor.ack(offset, offset + 1);
  cursors.moved(open);
  const live = groups.live(state);
  const lane = live.lane(queue);
  const member = live.members.find(({ id }) => id === (holder ?? lane?.member));
  if (inFlight && lane !== undefined) member?.seat?.leaseLost(lane, offset, attempt);
  live.wake();
  await cursors.settled();
  logger.warn({ audit: "skip", group, topic, queueId, offset, ...standing }, "a message was skipped by hand");
  return standing;
}

function checkPending(
  groups: Groups,
  {
    group,
    queue,
    cursor,
    offset,
  }: { group: string; queue: Queue; cursor: Cursor | undefined; offset: number },
): void {
  const { store } = groups.deps;
  const [first, end] = [queue.firstOffset, store.endOffset(queue)];
  if (offset < first || offset >= end)
    throw new LogwheelError(
      "OFFSET_OUT_OF_RANGE",
      `${show(queue)} has no message at offset ${offset}: it begins at ${first} and ends at ${end}`,
      { topic: queue.topic.name },
    );
  if (cursor === undefined)
    throw new LogwheelError("CONFLICT", `group ${group} has no position in ${show(queue)}: nothing to skip`);
  if (cursor.isAcknowledged(offset))
    throw new LogwheelError(
      "CONFLICT",
      `group ${group} has acknowledged offset ${offset} of ${show(queue)} already: nothing to skip`,
    );
}
