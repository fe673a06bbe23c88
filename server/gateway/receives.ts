import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { ReceiveMessageRequest__Output } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext, Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Received } from "../../proto/kernel/rocketmq-contract.js";
import { answerOnce } from "./answer-once.js";
import { callerRefusal, clientIdOf, type GatewayClients, namespaceOf } from "./clients.js";
import type { Consumers } from "./consumers.js";
import { type DeliveryHead, deliveryFrame } from "./delivery-frame.js";
import type { Given } from "./group-consumer.js";
import { groupRefusal, nameOf, topicRefusal } from "./names.js";
import { deadlineMs, toldPollMs, waitableMs } from "./poll-time.js";
import { isStatus, shareOf } from "./queue-place.js";
import { writeReceipt } from "./receipt-handle.js";
import { OK, refusal, statusOf } from "./status.js";
import { subscriptionOf, toldSubscriptions } from "./subscriptions.js";
import { durationMs, timestampOf } from "./time.js";
import type { TopicRoutes } from "./topic-routes.js";
import { RENEWED_MS } from "./wish.js";

/** Messages of one answer. */
export const BATCH_MAX = 32;
export const INVISIBLE_MS_MIN = 10_000;
export const INVISIBLE_MS_MAX = 12 * 3_600_000;
/** Some clients ask again at once after a refusal. */
const REFUSED_WAIT_MS = 1_000;

/** What receiving stands on. */
export interface ReceivesDeps {
  readonly clock: Clock;
  readonly clients: GatewayClients;
  readonly consumers: Consumers;
  readonly routes: TopicRoutes;
}

/** Answers polls: a status first, always, then the messages. */
export class Receives {
  readonly #deps: ReceivesDeps;

  constructor(deps: ReceivesDeps) {
    this.#deps = deps;
  }

  /** Takes one call. */
  take(stream: Stream<Received, ReceiveMessageRequest__Output>, call: CallContext): void {
    answerOnce(stream, (request) => this.#answer(request, call));
  }

  async #answer(request: ReceiveMessageRequest__Output, call: CallContext): Promise<Iterable<Received>> {
    const { clock } = this.#deps;
    const began = clock.monotonicMs();
    const leftMs = (): number => deadlineMs(call) - (clock.monotonicMs() - began);
    let status: Status;
    try {
      const answer = await this.#receive(request, call, leftMs());
      if (!isStatus(answer)) return answer;
      status = answer;
    } catch (thrown) {
      status = statusOf(LogwheelError.from(thrown));
    }
    const waitMs = Math.min(REFUSED_WAIT_MS, waitableMs(leftMs()));
    if (status.code !== Code.MESSAGE_NOT_FOUND && waitMs > 0) await clock.sleep(waitMs, call.signal);
    return [{ status }];
  }

  async #receive(
    request: ReceiveMessageRequest__Output,
    call: CallContext,
    leftMs: number,
  ): Promise<Iterable<Received> | Status> {
    const namespace = namespaceOf(call);
    const topic = nameOf(request.messageQueue?.topic, namespace);
    const group = nameOf(request.group, namespace);
    const client = clientIdOf(call);
    const wrong = callerRefusal(call) ?? topicRefusal(topic) ?? groupRefusal(group);
    if (wrong !== undefined) return wrong;
    const renewed = request.autoRenew;
    const invisibleMs = renewed ? RENEWED_MS : durationMs(request.invisibleDuration);
    if (!renewed && (invisibleMs < INVISIBLE_MS_MIN || invisibleMs > INVISIBLE_MS_MAX))
      return refusal(
        Code.ILLEGAL_INVISIBLE_TIME,
        `a message is invisible for 10 s to 12 h, not for ${invisibleMs} ms`,
      );
    if (this.#deps.consumers.finishing)
      return refusal(Code.TOO_MANY_REQUESTS, "the gateway is stopping: it gives out no more messages");
    const share = await shareOf(this.#deps.routes, topic, request.messageQueue?.broker?.name);
    if (isStatus(share)) return share;
    const { broker } = share;
    const { settings } = this.#deps.clients.meet(client);
    const asked = durationMs(request.longPollingTimeout) || toldPollMs(settings);
    const told = toldSubscriptions(settings, namespace);
    const wanted = subscriptionOf(topic, request.filterExpression);
    const consumer = await this.#deps.consumers.of(client, group, wanted, told);
    const given = await consumer.receive({
      topic,
      broker,
      queueId: request.messageQueue?.id ?? -1,
      max: Math.min(Math.max(1, request.batchSize), BATCH_MAX),
      invisibleMs,
      renewed,
      waitMs: Math.min(asked, waitableMs(leftMs)),
      signal: call.signal,
    });
    if (given.length === 0) return refusal(Code.MESSAGE_NOT_FOUND, "no message came in time");
    const nowMs = this.#deps.clock.nowMs();
    return framesOf(given, { topic: request.messageQueue!.topic!, broker, invisibleMs }, nowMs);
  }
}

/** Each message is a view that holds until the next is made. */
function* framesOf(given: readonly Given[], head: DeliveryHead, nowMs: number): Iterable<Received> {
  yield { status: OK };
  for (const { arrived, receipt } of given) yield deliveryFrame(arrived.record, head, writeReceipt(receipt));
  yield { deliveryTimestamp: timestampOf(nowMs) };
}
