import { fnv1aOf } from "../../proto/kernel/hash.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "../../proto/kernel/message-codec.js";
import {
  CONTENT_TAG,
  RECORD_HEAD_BYTES,
  type RecordHead,
  writeRecordHead,
} from "../../proto/kernel/record.js";

/** A record as brokers store and deliver it. */
export function storedRecord(head: RecordHead, message: MessageInput): Buffer {
  const contentBytes = encodedMessageSize(message);
  const bytes = Buffer.alloc(RECORD_HEAD_BYTES + contentBytes);
  writeMessage(message, bytes, writeRecordHead(bytes, 0, head, CONTENT_TAG.MESSAGE, contentBytes));
  return bytes;
}

/** The same where only the message counts. */
export function recordOf(message: MessageInput): Buffer {
  const head = {
    epoch: 1,
    logOffset: 0,
    kind: 1,
    topic: 1,
    queueId: 0,
    queueOffset: 0,
    storedAtMs: 0,
    tagHash: fnv1aOf(message.tag ?? ""),
    keyHash: 0,
    producerId: 0,
    sequence: 0,
  };
  return storedRecord(head, message);
}
