import type { Record__Output } from "../../proto/gen/logwheel/v1/Record.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { messageId, RECORD_FLAG } from "../../proto/kernel/record.js";
import { plainBody } from "./body-bytes.js";
import { deadLetterFrom } from "./dead-letter.js";
import type { Message } from "./types.js";

/** Kind of the records that stand in a queue; others have no offset there. */
const IN_QUEUE = 1;

/**
 * A stored message that was looked up rather than delivered: it counts as a first delivery. Its body is decompressed when
 * it is read.
 */
export function foundMessage(broker: string, topic: string, record: Record__Output): Message<Uint8Array> {
  const { message } = record;
  if (message === null)
    throw new LogwheelError("PROTOCOL", `broker ${broker} answered with a record that is no message`, {
      broker,
    });
  let plain: Buffer | undefined;
  const raw = (): Buffer => {
    plain ??= plainBody(message.body, message.encoding);
    return plain;
  };
  return {
    id: idOf(broker, record),
    topic,
    get body() {
      return raw();
    },
    get raw() {
      return raw();
    },
    storedBody: message.body,
    keys: message.keys,
    ...(message.tag === "" ? {} : { tag: message.tag }),
    ...(message.orderingKey === "" ? {} : { orderingKey: message.orderingKey }),
    properties: message.properties,
    ...(message.ttlMs === 0 ? {} : { ttlMs: message.ttlMs }),
    broker,
    queueId: record.queueId,
    queueOffset: (record.kind & 0xff) === IN_QUEUE ? record.queueOffset : -1,
    attempt: 1,
    ...(message.deadLetter === null ? {} : { dead: deadLetterFrom(message.deadLetter) }),
    bornAt: new Date(message.bornAtMs),
    storedAt: new Date(record.storedAtMs),
    bornHost: message.bornHost,
  };
}

/** A record that stands for another one has that one's id. */
function idOf(broker: string, { kind, epoch, logOffset, producerId, sequence }: Record__Output): string {
  if ((kind & RECORD_FLAG.STANDS) !== 0) return messageId(broker, producerId, sequence);
  return messageId(broker, epoch, logOffset);
}
