import type { PullRequest__Output } from "../../proto/gen/logwheel/v1/PullRequest.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { PullBuilder } from "../../proto/kernel/consume-codec.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Queue } from "../store/queue.js";
import type { Store } from "../store/store.js";
import { type MessageFilter, parseFilter, readLimits } from "./filter.js";
import type { LongPoll } from "./long-poll.js";
import type { Meter } from "./meter.js";
import { queueToRead } from "./readable.js";
import { show } from "./settlement.js";
import type { Topics } from "./topics.js";

/** The longest wait for the first message, unless a setting says otherwise. */
const PULL_WAIT_MS_MAX = 20_000;

const MESSAGES_DEFAULT = 32;
const MESSAGES_MAX = 4_096;
const BYTES_DEFAULT = 1 << 20;
const BYTES_MAX = 8 << 20;

/** Reads of one call: with a filter that fits little, the rest is for the next call. */
const READS_MAX = 16;

/** What pulls stand on. */
export interface PullDeps {
  readonly store: Store;
  readonly topics: Topics;
  readonly clock: Clock;
  readonly longPoll: LongPoll;
  readonly meter: Meter;
  /** The longest wait for the first message, milliseconds. */
  readonly pullWaitMsMax?: number | undefined;
}

/** Answers `Pull`: an encoded `PullReply` with the messages from an offset on, after a wait for the first if need be. */
export async function pull(
  { store, topics, clock, longPoll, meter, pullWaitMsMax = PULL_WAIT_MS_MAX }: PullDeps,
  request: PullRequest__Output,
  signal: AbortSignal,
): Promise<Buffer> {
  const queue = queueToRead(topics, request);
  const filter = parseFilter(request);
  checkOffset(store, queue, request.offset);
  const room = roomOf(request);
  const builder = new PullBuilder();
  const untilMs = clock.monotonicMs() + Math.min(request.waitMs, pullWaitMsMax);
  let next = request.offset;
  for (let reads = 0; reads < READS_MAX && !signal.aborted; reads++) {
    const turn = store.turn(queue, next);
    if (turn !== undefined) {
      await turn;
      if (signal.aborted) break;
      queueToRead(topics, request);
    }
    next = await read(store, { queue, offset: next, room, filter, builder });
    if (builder.count > 0) break;
    if (next < store.endOffset(queue)) continue;
    const leftMs = untilMs - clock.monotonicMs();
    if (leftMs <= 0) break;
    await longPoll.wait(queue, next, leftMs, signal);
    queueToRead(topics, request);
    if (store.endOffset(queue) <= next) break;
  }
  if (builder.count > 0) meter.delivered(builder.count, builder.byteLength);
  return builder.finish({
    nextOffset: next,
    firstOffset: queue.firstOffset,
    endOffset: store.endOffset(queue),
  });
}

interface Room {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

function roomOf({ maxMessages, maxBytes }: PullRequest__Output): Room {
  return {
    maxMessages: Math.min(maxMessages || MESSAGES_DEFAULT, MESSAGES_MAX),
    maxBytes: Math.min(maxBytes || BYTES_DEFAULT, BYTES_MAX),
  };
}

function checkOffset(store: Store, queue: Queue, offset: number): void {
  const [first, end] = [queue.firstOffset, store.endOffset(queue)];
  if (offset >= first && offset <= end) return;
  throw new LogwheelError(
    "OFFSET_OUT_OF_RANGE",
    `${show(queue)} has no offset ${offset}: it begins at ${first} and ends at ${end}`,
    { topic: queue.topic.name },
  );
}

function read(
  store: Store,
  what: { queue: Queue; offset: number; room: Room; filter: MessageFilter; builder: PullBuilder },
): number | Promise<number> {
  const { queue, offset, room, filter, builder } = what;
  return store.read(queue, offset, readLimits(filter, room, Number.MAX_SAFE_INTEGER), {
    take(bytes, start, end) {
      if (builder.count >= room.maxMessages) return false;
      if (builder.count > 0 && builder.byteLength + end - start > room.maxBytes) return false;
      if (filter.wants(bytes, start, end)) builder.add(bytes, start, end);
      return true;
    },
  });
}
