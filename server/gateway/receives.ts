import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { ReceiveMessageRequest__Output } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageRequest.js";
import type { ReceiveMessageResponse } from "../../proto/gen/apache/rocketmq/v2/ReceiveMessageResponse.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { Message__Output as NativeMessage } from "../../proto/gen/logwheel/v1/Message.js";
import type { CallContext, Stream } from "../../proto/kernel/channel.js";
import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { TIMEOUT_HEADER } from "../../proto/kernel/grpc-timeout.js";
import { of } from "../../proto/kernel/method.js";
import { RECORD } from "../../proto/kernel/record.js";
import { clientIdOf, type GatewayClients, namespaceOf } from "./clients.js";
import type { Consumers } from "./consumers.js";
import { type Given, RENEWED_MS } from "./group-consumer.js";
import { deliveredMessage } from "./message-out.js";
import { groupRefusal, nameOf, topicRefusal } from "./names.js";
import { writeReceipt } from "./receipt-handle.js";
import { noRoute } from "./sends.js";
import { OK, refusal, statusOf } from "./status.js";
import { subscriptionOf, toldSubscriptions } from "./subscriptions.js";
import { durationMs, timestampOf } from "./time.js";
import type { TopicRoutes } from "./topic-routes.js";

const BATCH_MAX = 32;
const LONG_POLL_MS = 20_000;
const LONG_POLL_MS_MAX = 60_000;
/** A poll is answered so long before its caller stops waiting. */
const RESERVE_MS = 300;
export const INVISIBLE_MS_MIN = 10_000;
export const INVISIBLE_MS_MAX = 12 * 3_600_000;
/** Some clients ask again at once after a refusal. */
const REFUSED_WAIT_MS = 1_000;

const nativeMessage = of<object, NativeMessage>("Message");

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
  take(stream: Stream<ReceiveMessageResponse, ReceiveMessageRequest__Output>, call: CallContext): void {
    stream.listen({
      message: (request) => {
        void this.#answer(request, call).then((frames) => {
          for (const frame of frames) stream.write(frame);
          stream.end();
        });
      },
      close: () => {},
    });
  }

  async #answer(
    request: ReceiveMessageRequest__Output,
    call: CallContext,
  ): Promise<ReceiveMessageResponse[]> {
    const { clock } = this.#deps;
    const began = clock.monotonicMs();
    const leftMs = (): number => this.#deadlineMs(call) - (clock.monotonicMs() - began);
    let status: Status;
    try {
      const answer = await this.#receive(request, call, leftMs());
      if (Array.isArray(answer)) return answer;
      status = answer;
    } catch (thrown) {
      status = statusOf(LogwheelError.from(thrown));
    }
    const waitMs = Math.min(REFUSED_WAIT_MS, leftMs() - RESERVE_MS);
    if (status.code !== Code.MESSAGE_NOT_FOUND && waitMs > 0) await clock.sleep(waitMs, call.signal);
    return [{ status }];
  }

  async #receive(
    request: ReceiveMessageRequest__Output,
    call: CallContext,
    leftMs: number,
  ): Promise<ReceiveMessageResponse[] | Status> {
    const namespace = namespaceOf(call);
    const topic = nameOf(request.messageQueue?.topic, namespace);
    const group = nameOf(request.group, namespace);
    const client = clientIdOf(call);
    if (client === "") return refusal(Code.CLIENT_ID_REQUIRED, "the call has no x-mq-client-id");
    const wrong = topicRefusal(topic) ?? groupRefusal(group);
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
    const shares = await this.#deps.routes.of(topic);
    if (shares.length === 0) return noRoute(topic);
    const broker = request.messageQueue?.broker?.name || shares[0]!.broker;
    if (!shares.some((share) => share.broker === broker))
      return refusal(Code.TOPIC_NOT_FOUND, `broker ${broker} does not have topic ${topic}`);
    const settings = this.#deps.clients.heard(client)?.settings;
    const asked =
      durationMs(request.longPollingTimeout) ||
      durationMs(settings?.subscription?.longPollingTimeout) ||
      LONG_POLL_MS;
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
      waitMs: Math.max(0, Math.min(asked, LONG_POLL_MS_MAX, leftMs - RESERVE_MS)),
      signal: call.signal,
    });
    if (given.length === 0) return refusal(Code.MESSAGE_NOT_FOUND, "no message came in time");
    const own = request.messageQueue!.topic!;
    return [
      { status: OK },
      ...given.map((each) => ({ message: messageOf(each, own, invisibleMs) })),
      { deliveryTimestamp: timestampOf(this.#deps.clock.nowMs()) },
    ];
  }

  #deadlineMs(call: CallContext): number {
    const text = call.header(TIMEOUT_HEADER);
    return text === undefined ? LONG_POLL_MS_MAX : Number(text);
  }
}

function messageOf(
  { arrived: { record }, receipt }: Given,
  topic: Resource__Output,
  invisibleMs: number,
): ReturnType<typeof deliveredMessage> {
  const { bytes, start, end, storedAtMs, queueOffset, queueId, attempt } = record;
  return deliveredMessage({
    message: nativeMessage.decode(bytes.subarray(start + RECORD.CONTENT, end)),
    id: record.messageId(receipt.broker),
    topic,
    broker: receipt.broker,
    queueId,
    queueOffset,
    storedAtMs,
    attempt,
    receiptHandle: writeReceipt(receipt),
    invisibleMs,
  });
}
