import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { PullMessageRequest__Output } from "../../proto/gen/apache/rocketmq/v2/PullMessageRequest.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext, Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import type { PulledRecords } from "../../proto/kernel/consume-codec.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Pulled } from "../../proto/kernel/rocketmq-contract.js";
import { answerOnce } from "./answer-once.js";
import type { BrokerChannels } from "./brokers.js";
import { callerRefusal, clientIdOf, type GatewayClients, namespaceOf } from "./clients.js";
import { deliveryFrame } from "./delivery-frame.js";
import { groupRefusal, nameOf } from "./names.js";
import { illegalOffset } from "./offsets.js";
import { deadlineMs, toldPollMs, waitableMs } from "./poll-time.js";
import { isStatus, type QueuePlace, queuePlace } from "./queue-place.js";
import { BATCH_MAX } from "./receives.js";
import { OK, refusal, statusOf } from "./status.js";
import { subscriptionOf } from "./subscriptions.js";
import { durationMs } from "./time.js";
import type { TopicRoutes } from "./topic-routes.js";

/** What a broker may take beside the wait. */
const ANSWER_MS = 5_000;
/** A broker that has nothing and answers sooner does not wait any more. */
const SOON_MS = 1_000;

/** What pulls stand on. */
export interface PullsDeps {
  readonly clock: Clock;
  readonly clients: GatewayClients;
  readonly routes: TopicRoutes;
  readonly brokers: BrokerChannels;
}

/** Answers pulls: a status first, then the messages from an offset on, then where to go on. Moves no group. */
export class Pulls {
  readonly #deps: PullsDeps;

  constructor(deps: PullsDeps) {
    this.#deps = deps;
  }

  /** Takes one call. */
  take(stream: Stream<Pulled, PullMessageRequest__Output>, call: CallContext): void {
    answerOnce(stream, async (request) => {
      try {
        const answer = await this.#pull(request, call);
        return isStatus(answer) ? [{ status: answer }] : answer;
      } catch (thrown) {
        return [{ status: statusOf(LogwheelError.from(thrown)) }];
      }
    });
  }

  async #pull(request: PullMessageRequest__Output, call: CallContext): Promise<Iterable<Pulled> | Status> {
    const { clock, clients, routes } = this.#deps;
    const untilMs = clock.monotonicMs() + waitableMs(deadlineMs(call));
    const namespace = namespaceOf(call);
    const wrong = callerRefusal(call) ?? groupRefusal(nameOf(request.group, namespace));
    if (wrong !== undefined) return wrong;
    const place = await queuePlace(routes, request.messageQueue, namespace);
    if (isStatus(place)) return place;
    if (request.offset < 0) return illegalOffset(request.offset);
    const { longPollingTimeout } = request;
    const pollMs =
      longPollingTimeout === null
        ? toldPollMs(clients.heard(clientIdOf(call))?.settings)
        : durationMs(longPollingTimeout);
    const pulled = await this.#records(
      place,
      request,
      Math.min(untilMs, clock.monotonicMs() + pollMs),
      call.signal,
    );
    return framesOf(pulled, request, place);
  }

  /** Asks until there are messages, or the time is over: brokers end a wait, and a read that fits little, themselves. */
  async #records(
    { topic, queueId, address }: QueuePlace,
    request: PullMessageRequest__Output,
    untilMs: number,
    signal: AbortSignal,
  ): Promise<PulledRecords> {
    const { clock, brokers } = this.#deps;
    const maxMessages = Math.min(Math.max(1, request.batchSize), BATCH_MAX);
    const what = { queueId, maxMessages, ...subscriptionOf(topic, request.filterExpression) };
    let { offset } = request;
    for (;;) {
      const beganMs = clock.monotonicMs();
      const waitMs = Math.max(0, Math.floor(untilMs - beganMs));
      const pulled = await brokers
        .at(address)
        .unary(BROKER.pull, { ...what, offset, waitMs }, { timeoutMs: waitMs + ANSWER_MS, signal });
      const nowMs = clock.monotonicMs();
      const idle = pulled.nextOffset === offset && nowMs - beganMs < SOON_MS;
      if (pulled.records.length > 0 || nowMs >= untilMs || idle) return pulled;
      offset = pulled.nextOffset;
    }
  }
}

function* framesOf(
  { records, nextOffset }: PulledRecords,
  { messageQueue }: PullMessageRequest__Output,
  { broker }: QueuePlace,
): Iterable<Pulled> {
  if (records.length === 0) yield { status: refusal(Code.MESSAGE_NOT_FOUND, "no message came in time") };
  else yield { status: OK };
  for (const record of records) yield deliveryFrame(record, { topic: messageQueue!.topic!, broker });
  yield { nextOffset };
}
