import type { AckMessageEntry__Output } from "../../proto/gen/apache/rocketmq/v2/AckMessageEntry.js";
import type { AckMessageRequest__Output } from "../../proto/gen/apache/rocketmq/v2/AckMessageRequest.js";
import type { ChangeInvisibleDurationRequest__Output } from "../../proto/gen/apache/rocketmq/v2/ChangeInvisibleDurationRequest.js";
import type { ChangeInvisibleDurationResponse } from "../../proto/gen/apache/rocketmq/v2/ChangeInvisibleDurationResponse.js";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import type { ForwardMessageToDeadLetterQueueRequest__Output } from "../../proto/gen/apache/rocketmq/v2/ForwardMessageToDeadLetterQueueRequest.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import type { Status__Output as Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { CallContext } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { AckedMessage, AckMessageReply } from "../../proto/kernel/rocketmq-ack-codec.js";
import { clientIdOf, type GatewayClients, namespaceOf } from "./clients.js";
import type { Consumers } from "./consumers.js";
import type { GroupConsumer } from "./group-consumer.js";
import { groupRefusal, nameOf, topicRefusal } from "./names.js";
import { type Receipt, readReceipt, writeReceipt } from "./receipt-handle.js";
import { INVISIBLE_MS_MAX } from "./receives.js";
import { OK, refusal, statusOf } from "./status.js";
import { subscriptionOf, toldSubscriptions } from "./subscriptions.js";
import { durationMs } from "./time.js";

/** What a call about received messages names. */
interface Named {
  readonly group: Resource__Output | null;
  readonly topic: Resource__Output | null;
}

/** What consumers say of the messages that they have received. */
export class Settlements {
  readonly #consumers: Consumers;
  readonly #clients: GatewayClients;

  constructor(consumers: Consumers, clients: GatewayClients) {
    this.#consumers = consumers;
    this.#clients = clients;
  }

  async ack(request: AckMessageRequest__Output, call: CallContext): Promise<AckMessageReply> {
    const entries = await this.#acknowledged(request, call);
    const [first] = entries;
    if (first === undefined)
      return { status: refusal(Code.BAD_REQUEST, "the call acknowledges nothing"), entries };
    const same = entries.every(({ status }) => status.code === first.status.code);
    const mixed = refusal(Code.MULTIPLE_RESULTS, "the acknowledgements fared differently: see their entries");
    return { status: same ? first.status : mixed, entries };
  }

  /** Clients acknowledge one message a call, mostly. */
  async #acknowledged(request: AckMessageRequest__Output, call: CallContext): Promise<AckedMessage[]> {
    const one = async ({ messageId, receiptHandle }: AckMessageEntry__Output): Promise<AckedMessage> => ({
      messageId,
      receiptHandle,
      status: await this.#settle(request, receiptHandle, call, acknowledge),
    });
    const { entries } = request;
    return entries.length === 1 ? [await one(entries[0]!)] : Promise.all(entries.map(one));
  }

  /** The handle of the answer is never empty: some clients keep it whatever the status. */
  async hide(
    request: ChangeInvisibleDurationRequest__Output,
    call: CallContext,
  ): Promise<ChangeInvisibleDurationResponse> {
    const ms = durationMs(request.invisibleDuration);
    let { receiptHandle } = request;
    if (ms < 0 || ms > INVISIBLE_MS_MAX)
      return {
        status: refusal(
          Code.ILLEGAL_INVISIBLE_TIME,
          `a message is invisible for 12 h at most, not for ${ms} ms`,
        ),
        receiptHandle,
      };
    const status = await this.#settle(request, receiptHandle, call, async (consumer, topic, receipt) => {
      receiptHandle = writeReceipt(await consumer.hide(topic, receipt, ms));
    });
    return { status, receiptHandle };
  }

  reject(request: ForwardMessageToDeadLetterQueueRequest__Output, call: CallContext): Promise<Status> {
    return this.#settle(request, request.receiptHandle, call, (consumer, topic, receipt) =>
      consumer.reject(topic, receipt),
    );
  }

  async #settle(
    named: Named,
    handle: string,
    call: CallContext,
    act: (consumer: GroupConsumer, topic: string, receipt: Receipt) => Promise<void>,
  ): Promise<Status> {
    const namespace = namespaceOf(call);
    const topic = nameOf(named.topic, namespace);
    const group = nameOf(named.group, namespace);
    const wrong = topicRefusal(topic) ?? groupRefusal(group);
    if (wrong !== undefined) return wrong;
    const receipt = readReceipt(handle);
    if (receipt === undefined)
      return refusal(Code.INVALID_RECEIPT_HANDLE, "the receipt handle is not one of ours");
    try {
      const client = clientIdOf(call);
      const consumer =
        this.#consumers.find(client, group) ?? (await this.#join(client, group, topic, namespace));
      await act(consumer, topic, receipt);
      return OK;
    } catch (thrown) {
      return statusOf(LogwheelError.from(thrown));
    }
  }

  /**
   * Received before a restart, or from another gateway: as a member it wants what it has told, or it would keep others
   * of its group out.
   */
  #join(client: string, group: string, topic: string, namespace: string): Promise<GroupConsumer> {
    const told = toldSubscriptions(this.#clients.meet(client).settings, namespace);
    const wanted = told.find((each) => each.topic === topic) ?? subscriptionOf(topic, null);
    return this.#consumers.of(client, group, wanted, told);
  }
}

function acknowledge(consumer: GroupConsumer, topic: string, receipt: Receipt): Promise<void> {
  return consumer.ack(topic, receipt);
}
