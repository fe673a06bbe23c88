import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import { MessageType } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import type { Status__Output as Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import type { Receipt__Output } from "../../proto/gen/logwheel/v1/Receipt.js";
import { BROKER } from "../../proto/kernel/contract.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { fnv1aOf } from "../../proto/kernel/hash.js";
import type {
  ProducedMessage,
  ProducedMessages,
  SendMessageReply,
  SentResult,
} from "../../proto/kernel/rocketmq-send-codec.js";
import type { BrokerChannels } from "./brokers.js";
import { messageRefusal, nativeMessage } from "./message-in.js";
import { nameOf, topicRefusal } from "./names.js";
import { recallHandle } from "./recall-handle.js";
import { OK, refusal, statusOf } from "./status.js";
import type { TopicRoutes, TopicShare } from "./topic-routes.js";

/** Messages of one request. */
const MESSAGES_MAX = 128;
const IN_TIME = { timeoutMs: 10_000 };

/** Where a message goes: to any queue unless it says which. */
interface Place {
  readonly address: string;
  readonly queueId?: number;
}

/** What sends stand on. */
export interface SendsDeps {
  readonly routes: TopicRoutes;
  readonly brokers: BrokerChannels;
  readonly bodyBytesMax: number;
  /** Name of the broker that the gateway is part of. */
  readonly ownBroker: string | undefined;
  /** The producers of a topic are asked about its halves as members of this group. */
  producerGroup(topic: string): string;
}

/** Takes what RocketMQ's producers send. */
export class Sends {
  readonly #deps: SendsDeps;
  #turn = 0;

  constructor(deps: SendsDeps) {
    this.#deps = deps;
  }

  async send(request: ProducedMessages, namespace: string): Promise<SendMessageReply> {
    const { messages } = request;
    const wrong = this.#refusal(messages, namespace);
    if (wrong !== undefined) return { status: wrong, entries: [] };
    const topic = nameOf(messages[0]!.topic, namespace);
    try {
      const shares = (await this.#deps.routes.of(topic)).filter(isWritable);
      if (shares.length === 0) return { status: await this.#nowhere(topic), entries: [] };
      const entries = isBatch(messages) ? await this.#sendBatch(topic, messages, shares) : [];
      for (const message of messages.slice(entries.length))
        entries.push(await this.#sendOne(topic, message, shares));
      return { status: commonStatus(entries), entries };
    } catch (thrown) {
      return { status: statusOf(LogwheelError.from(thrown)), entries: [] };
    }
  }

  #refusal(messages: readonly ProducedMessage[], namespace: string): Status | undefined {
    const [first] = messages;
    if (first === undefined) return refusal(Code.MESSAGE_CORRUPTED, "the request has no message");
    if (messages.length > MESSAGES_MAX)
      return refusal(
        Code.BAD_REQUEST,
        `the request has ${messages.length} messages; ${MESSAGES_MAX} are allowed`,
      );
    const topic = nameOf(first.topic, namespace);
    for (const message of messages) {
      if (nameOf(message.topic, namespace) !== topic)
        return refusal(Code.MESSAGE_CORRUPTED, "the messages of a request are for one topic");
      const wrong = topicRefusal(topic) ?? messageRefusal(message, { bodyMax: this.#deps.bodyBytesMax });
      if (wrong !== undefined) return wrong;
    }
    return undefined;
  }

  async #nowhere(topic: string): Promise<Status> {
    if ((await this.#deps.routes.of(topic)).length > 0)
      return refusal(Code.FORBIDDEN, `topic ${topic} takes no messages: give it write permission`);
    return noRoute(topic);
  }

  async #sendOne(
    topic: string,
    message: ProducedMessage,
    shares: readonly TopicShare[],
  ): Promise<SentResult> {
    const group = message.systemProperties?.messageGroup ?? "";
    try {
      const place = group === "" ? this.#anyOf(shares) : await this.#keyed(topic, group);
      const { receipt } = await this.#store(topic, message, place);
      return entryOf(message, receipt!);
    } catch (thrown) {
      return { status: statusOf(LogwheelError.from(thrown)), messageId: idOf(message) };
    }
  }

  #store(
    topic: string,
    message: ProducedMessage,
    { address, queueId }: Place,
  ): Promise<{ readonly receipt: Receipt__Output | null }> {
    const half = typeOf(message) === MessageType.TRANSACTION;
    const native = nativeMessage(message, this.#deps.producerGroup(topic));
    const request = { topic, queueId, message: native, half };
    return this.#deps.brokers.at(address).unary(BROKER.send, request, IN_TIME);
  }

  async #sendBatch(
    topic: string,
    messages: readonly ProducedMessage[],
    shares: readonly TopicShare[],
  ): Promise<SentResult[]> {
    const { address } = this.#anyOf(shares);
    const { receipts } = await this.#deps.brokers.at(address).unary(
      BROKER.sendBatch,
      {
        topic,
        messages: messages.map((message) => nativeMessage(message, "")),
      },
      IN_TIME,
    );
    return messages.map((message, index) => entryOf(message, receipts[index]!));
  }

  /** A group's queue is the one that every producer of logwheel chooses for that key, whether its broker is there now or not. */
  async #keyed(topic: string, group: string): Promise<Place> {
    const keyed = (await this.#deps.routes.keyed(topic)).filter(isWritable);
    const all = keyed.flatMap(({ address, topic: { queues } }) =>
      Array.from({ length: queues }, (_, queueId) => ({ address, queueId })),
    );
    return all[fnv1aOf(group) % all.length]!;
  }

  /** Here, as long as that is possible. */
  #anyOf(shares: readonly TopicShare[]): Place {
    return (
      shares.find(({ broker }) => broker === this.#deps.ownBroker) ?? shares[this.#turn++ % shares.length]!
    );
  }
}

/** Plain messages are stored together or not at all, others one after the other. */
function isBatch(messages: readonly ProducedMessage[]): boolean {
  return messages.length > 1 && messages.every((message) => typeOf(message) === MessageType.NORMAL);
}

/** The words that RocketMQ's own tests look for. */
export function noRoute(topic: string): Status {
  return refusal(
    Code.TOPIC_NOT_FOUND,
    `Code: 17  DESC: No topic route info in name server for the topic: ${topic}`,
  );
}

function isWritable({ topic: { permission } }: TopicShare): boolean {
  return permission === 0 || permission === 2;
}

function typeOf({ systemProperties }: ProducedMessage): number {
  return systemProperties?.messageType ?? 0;
}

function idOf({ systemProperties }: ProducedMessage): string {
  return systemProperties?.messageId ?? "";
}

function entryOf(message: ProducedMessage, receipt: Receipt__Output): SentResult {
  const type = typeOf(message);
  const half = type === MessageType.TRANSACTION;
  return {
    status: OK,
    messageId: half ? receipt.messageId : idOf(message),
    transactionId: half ? receipt.messageId : idOf(message),
    offset: receipt.queueOffset,
    recallHandle:
      type === MessageType.DELAY && receipt.deferred ? recallHandle(receipt.messageId, idOf(message)) : "",
  };
}

function commonStatus(entries: readonly SentResult[]): SentResult["status"] {
  const [first, ...rest] = entries;
  if (rest.every(({ status }) => status.code === first!.status.code)) return first!.status;
  return refusal(Code.MULTIPLE_RESULTS, "the messages fared differently: see their entries");
}
