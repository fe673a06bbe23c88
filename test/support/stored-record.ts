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
