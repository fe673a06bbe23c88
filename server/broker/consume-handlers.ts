import type { AckReply } from "../../proto/gen/logwheel/v1/AckReply.js";
import type { AckRequest__Output } from "../../proto/gen/logwheel/v1/AckRequest.js";
import type { SeekReply } from "../../proto/gen/logwheel/v1/SeekReply.js";
import type { SeekRequest__Output } from "../../proto/gen/logwheel/v1/SeekRequest.js";
import type { Handlers } from "../../proto/kernel/channel.js";
import type { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { ConsumeSession } from "./consume-session.js";
import type { Groups } from "./groups.js";
import { checkMetadataRoom } from "./metadata-room.js";
import { type PullDeps, pull } from "./pull.js";
import { queueOf, queueToRead } from "./readable.js";
import { checkRanges, show } from "./settlement.js";
import type { Topics } from "./topics.js";

/** Ranges and failed messages that callers without membership may make a cursor hold. */
const HELD_BY_CALLERS_MAX = 65_536;

/** What the consuming half of the broker answers. */
export function consumeHandlers(
  groups: Groups,
  deps: Omit<PullDeps, "meter">,
): Pick<Handlers<typeof BROKER>, "consume" | "pull" | "seek" | "ack"> {
  return {
    consume(stream, { peer }) {
      new ConsumeSession(groups, stream, peer);
    },
    pull: (request, { signal }) => pull({ ...deps, meter: groups.deps.meter }, request, signal),
    seek: (request) => seek(groups, deps.topics, request),
    ack: (request) => ack(groups, deps.topics, request),
  };
}

/** Where a queue begins and ends, where a time is, and where a group. Moves nothing. */
async function seek(groups: Groups, topics: Topics, request: SeekRequest__Output): Promise<SeekReply> {
  const { store, cursors } = groups.deps;
  const queue = queueToRead(topics, request);
  const atOffset =
    request.storedAtMs === undefined ? undefined : await store.lookup.offsetAt(queue, request.storedAtMs);
  const group = request.group === "" ? undefined : store.state.groups.get(request.group);
  const groupOffset = group && cursors.peek(group, queue)?.floor;
  return {
    firstOffset: queue.firstOffset,
    endOffset: store.endOffset(queue),
    ...(atOffset === undefined ? {} : { atOffset }),
    ...(groupOffset === undefined ? {} : { groupOffset }),
  };
}

/** Acknowledges for a group, of which the caller need not be a member; answers when a restart keeps it. */
async function ack(groups: Groups, topics: Topics, request: AckRequest__Output): Promise<AckReply> {
  const { store, cursors, counters } = groups.deps;
  const queue = queueOf(topics, request);
  const end = store.endOffset(queue);
  const below = request.below ?? 0;
  const wrong = checkRanges(queue, request.ranges, end);
  if (wrong !== null) throw wrong;
  if (below > end)
    throw new LogwheelError(
      "OFFSET_OUT_OF_RANGE",
      `${show(queue)} cannot be acknowledged below ${below}: it ends at ${end}`,
      { topic: request.topic },
    );
  const state = groups.ensure(request.group, { ordered: false });
  if (request.ranges.length > 0 || !state.cursors.has(queue)) checkMetadataRoom(store);
  const held = request.ranges.length + (cursors.peek(state, queue)?.held ?? 0);
  if (request.ranges.length > 0 && held > HELD_BY_CALLERS_MAX)
    throw new LogwheelError(
      "THROTTLED",
      `group ${request.group} has acknowledged too many single ranges of ${show(queue)}: acknowledge what lies between them first`,
      { topic: request.topic },
    );
  const open = cursors.open(state, queue) ?? cursors.create(state, queue, queue.firstOffset);
  const before = open.cursor.acknowledged;
  open.cursor.ack(0, below);
  for (const range of request.ranges) open.cursor.ack(range.start, range.end);
  counters.messagesAcknowledged += open.cursor.acknowledged - before;
  cursors.moved(open);
  const offset = open.cursor.floor;
  await cursors.written();
  groups.live(state).wake();
  return { offset };
}
