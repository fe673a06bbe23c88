import { DigestType } from "../../proto/gen/apache/rocketmq/v2/DigestType.js";
import { Encoding } from "../../proto/gen/apache/rocketmq/v2/Encoding.js";
import type { Message } from "../../proto/gen/apache/rocketmq/v2/Message.js";
import { MessageType } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import type { Resource } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import { Encoding as NativeEncoding } from "../../proto/gen/logwheel/v1/Encoding.js";
import type { Message__Output as NativeMessage } from "../../proto/gen/logwheel/v1/Message.js";
import { of } from "../../proto/kernel/method.js";
import { RECORD, type StoredRecord } from "../../proto/kernel/record.js";
import { digestOf } from "./message-in.js";
import { durationOf, timestampOf } from "./time.js";

/** The one digest that all official clients read alike. */
const { MD5 } = DigestType;

const stored = of<object, NativeMessage>("Message");

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
      messageType: typeOf(message),
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

/** The same of a record as a broker keeps it. */
export function deliveredRecord(
  record: StoredRecord,
  { broker, ...more }: Pick<Delivered, "topic" | "broker" | "receiptHandle" | "invisibleMs">,
): Message {
  const { bytes, start, end, queueId, queueOffset, storedAtMs, attempt } = record;
  return deliveredMessage({
    message: stored.decode(bytes.subarray(start + RECORD.CONTENT, end)),
    id: record.messageId(broker),
    broker,
    queueId,
    queueOffset,
    storedAtMs,
    attempt,
    ...more,
  });
}

function typeOf({
  producerGroup,
  deliverAtMs,
  delayMs,
  delayLevel,
  orderingKey,
}: NativeMessage): MessageType {
  if (producerGroup !== "") return MessageType.TRANSACTION;
  if (deliverAtMs + delayMs + delayLevel > 0) return MessageType.DELAY;
  return orderingKey === "" ? MessageType.NORMAL : MessageType.FIFO;
}
