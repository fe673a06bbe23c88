import { DigestType } from "../../proto/gen/apache/rocketmq/v2/DigestType.js";
import { Encoding } from "../../proto/gen/apache/rocketmq/v2/Encoding.js";
import type { Message } from "../../proto/gen/apache/rocketmq/v2/Message.js";
import { MessageType, type MessageType__Output } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import type { Resource } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import { Encoding as NativeEncoding } from "../../proto/gen/logwheel/v1/Encoding.js";
import type { Message__Output as NativeMessage } from "../../proto/gen/logwheel/v1/Message.js";
import { digestOf } from "./message-in.js";
import { durationOf, timestampOf } from "./time.js";

/** The one digest that all official clients read alike. */
const { MD5 } = DigestType;

/** A stored message, and how it comes to its client. */
export interface Delivered {
  readonly message: NativeMessage;
  /** The broker's id of it. */
  readonly id: string;
  /** As the client names it. */
  readonly topic: Resource;
  readonly broker: string;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly storedAtMs: number;
  readonly attempt: number;
  readonly receiptHandle?: string;
  readonly invisibleMs?: number;
}

/** A message as RocketMQ's clients get it. All that any of them stumbles over when it is missing is there. */
export function deliveredMessage(delivered: Delivered): Message {
  const { message, id, topic, broker, queueId, queueOffset, storedAtMs, attempt } = delivered;
  const { receiptHandle, invisibleMs } = delivered;
  const { rocketmq, deadLetter, orderingKey, tag, bornAtMs } = message;
  return {
    topic,
    userProperties: message.properties,
    body: message.body,
    systemProperties: {
      ...(tag === "" ? {} : { tag }),
      keys: [...message.keys, ...(rocketmq?.furtherKeys ?? [])],
      messageId: rocketmq?.messageId || id,
      bodyDigest: { type: MD5, checksum: digestOf("md5", message.body) },
      bodyEncoding: message.encoding === NativeEncoding.ENCODING_NONE ? Encoding.IDENTITY : Encoding.GZIP,
      messageType: typeOf({
        half: message.producerGroup !== "",
        delayed: message.deliverAtMs + message.delayMs + message.delayLevel > 0,
        keyed: orderingKey !== "",
      }),
      bornTimestamp: timestampOf(bornAtMs || storedAtMs),
      bornHost: message.bornHost || broker,
      storeTimestamp: timestampOf(storedAtMs),
      storeHost: broker,
      queueId,
      queueOffset,
      deliveryAttempt: attempt,
      ...(message.deliverAtMs === 0 ? {} : { deliveryTimestamp: timestampOf(message.deliverAtMs) }),
      ...(receiptHandle === undefined ? {} : { receiptHandle }),
      ...(invisibleMs === undefined ? {} : { invisibleDuration: durationOf(invisibleMs) }),
      ...(orderingKey === "" ? {} : { messageGroup: orderingKey }),
      ...(rocketmq?.traceContext ? { traceContext: rocketmq.traceContext } : {}),
      ...(rocketmq?.priority === undefined ? {} : { priority: rocketmq.priority }),
      ...(deadLetter === null
        ? {}
        : { deadLetterQueue: { topic: deadLetter.topic, messageId: deadLetter.messageId } }),
    },
  };
}

/** The type that its fields make a message. */
export function typeOf({
  half,
  delayed,
  keyed,
}: {
  readonly half: boolean;
  readonly delayed: boolean;
  readonly keyed: boolean;
}): MessageType__Output {
  if (half) return MessageType.TRANSACTION;
  if (delayed) return MessageType.DELAY;
  return keyed ? MessageType.FIFO : MessageType.NORMAL;
}
