import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { GetOffsetRequest__Output } from "../../proto/gen/apache/rocketmq/v2/GetOffsetRequest.js";
import type { GetOffsetResponse } from "../../proto/gen/apache/rocketmq/v2/GetOffsetResponse.js";
import type { MessageQueue__Output } from "../../proto/gen/apache/rocketmq/v2/MessageQueue.js";
import { QueryOffsetPolicy } from "../../proto/gen/apache/rocketmq/v2/QueryOffsetPolicy.js";
import type { QueryOffsetRequest__Output } from "../../proto/gen/apache/rocketmq/v2/QueryOffsetRequest.js";
import type { QueryOffsetResponse } from "../../proto/gen/apache/rocketmq/v2/QueryOffsetResponse.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { UpdateOffsetRequest__Output } from "../../proto/gen/apache/rocketmq/v2/UpdateOffsetRequest.js";
import type { UpdateOffsetResponse } from "../../proto/gen/apache/rocketmq/v2/UpdateOffsetResponse.js";
import { ADMIN } from "../../proto/kernel/admin-contract.js";
import type { CallContext, Channel } from "../../proto/kernel/channel.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { BrokerChannels } from "./brokers.js";
import { namespaceOf } from "./clients.js";
import { groupRefusal, nameOf } from "./names.js";
import { isStatus, type QueuePlace, queuePlace } from "./queue-place.js";
import { OK, refusal, statusOf } from "./status.js";
import { timestampMs } from "./time.js";
import type { TopicRoutes } from "./topic-routes.js";

const { BEGINNING, END, TIMESTAMP } = QueryOffsetPolicy;
const ASK_MS = 3_000;
const MOVE_MS = 10_000;

/** What the calls about offsets stand on. */
export interface OffsetsDeps {
  readonly routes: TopicRoutes;
  readonly brokers: BrokerChannels;
}

/** Where queues begin and end, and where groups stand in them. */
export class Offsets {
  readonly #deps: OffsetsDeps;

  constructor(deps: OffsetsDeps) {
    this.#deps = deps;
  }

  /** The offset at the beginning of a queue, at its end, or of its first message stored at a time or later. */
  async query(request: QueryOffsetRequest__Output, call: CallContext): Promise<QueryOffsetResponse> {
    const { queryOffsetPolicy: policy, timestamp } = request;
    if (policy !== BEGINNING && policy !== END && policy !== TIMESTAMP)
      return { status: refusal(Code.BAD_REQUEST, `${policy} is no way to look for an offset`) };
    if (policy === TIMESTAMP && timestamp == null)
      return { status: refusal(Code.BAD_REQUEST, "an offset at a time is asked for, and no time is given") };
    return this.#at(request.messageQueue, call, undefined, async ({ topic, queueId }, channel) => {
      const at = policy === TIMESTAMP ? { storedAtMs: timestampMs(timestamp) } : {};
      const seek = { topic, queueId, ...at };
      const { firstOffset, endOffset, atOffset } = await channel.unary(BROKER.seek, seek, {
        timeoutMs: ASK_MS,
      });
      const offset = policy === BEGINNING ? firstOffset : policy === END ? endOffset : atOffset;
      return { status: OK, offset };
    });
  }

  /** Where a group stands in a queue. */
  async committed(request: GetOffsetRequest__Output, call: CallContext): Promise<GetOffsetResponse> {
    const group = nameOf(request.group, namespaceOf(call));
    return this.#at(request.messageQueue, call, group, async ({ topic, queueId }, channel) => {
      const seek = { topic, queueId, group };
      const { groupOffset } = await channel.unary(BROKER.seek, seek, { timeoutMs: ASK_MS });
      if (groupOffset !== undefined) return { status: OK, offset: groupOffset };
      const why = `group ${group} has no offset in queue ${queueId} of topic ${topic}`;
      return { status: refusal(Code.OFFSET_NOT_FOUND, why) };
    });
  }

  /** Sets where a group goes on in a queue: ahead as by an acknowledgement, back as by a reset. */
  async commit(request: UpdateOffsetRequest__Output, call: CallContext): Promise<UpdateOffsetResponse> {
    const { offset } = request;
    const name = nameOf(request.group, namespaceOf(call));
    return this.#at(request.messageQueue, call, name, async ({ topic, queueId }, channel) => {
      if (offset < 0) return { status: illegalOffset(offset) };
      const ahead = { group: name, topic, queueId, below: offset };
      const reached = await channel.unary(BROKER.ack, ahead, { timeoutMs: MOVE_MS });
      // It was ahead of it, or has acknowledged what follows.
      if (reached.offset !== offset)
        await channel.unary(ADMIN.resetGroup, { name, topic, queueId, offset }, { timeoutMs: MOVE_MS });
      return { status: OK };
    });
  }

  /** Asks the broker of a queue; `group` is undefined for a call that names none. */
  async #at<R extends { status?: Status | null }>(
    queue: MessageQueue__Output | null,
    call: CallContext,
    group: string | undefined,
    ask: (place: QueuePlace, channel: Channel) => Promise<R>,
  ): Promise<R | { status: Status }> {
    const wrong = group === undefined ? undefined : groupRefusal(group);
    if (wrong !== undefined) return { status: wrong };
    const { routes, brokers } = this.#deps;
    try {
      const place = await queuePlace(routes, queue, namespaceOf(call));
      if (isStatus(place)) return { status: place };
      return await ask(place, brokers.at(place.address));
    } catch (thrown) {
      return { status: statusOf(LogwheelError.from(thrown)) };
    }
  }
}

/** Offsets count from 0. */
export function illegalOffset(offset: number): Status {
  return refusal(Code.ILLEGAL_OFFSET, `${offset} is no offset of a queue: they count from 0`);
}
