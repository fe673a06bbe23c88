import type { AckMessageEntry__Output } from "../gen/apache/rocketmq/v2/AckMessageEntry.js";
import type { AckMessageRequest__Output } from "../gen/apache/rocketmq/v2/AckMessageRequest.js";
import { textFieldSize, writeBlockHead, writeTextField } from "./field-writer.js";
import { enter, passOver } from "./message-fields.js";
import { readResource, type StatusInput, statusFieldSize, writeStatusField } from "./rocketmq-fields.js";
import { WireReader, WireWriter } from "./wire.js";

/** Field tags of `AckMessageRequest` and `AckMessageEntry` of `apache.rocketmq.v2`. */
const REQUEST = { GROUP: 0x0a, TOPIC: 0x12, ENTRY: 0x1a } as const;
const ENTRY = { MESSAGE_ID: 0x0a, RECEIPT_HANDLE: 0x12, LITE_TOPIC: 0x1a } as const;

/** Field tags of `AckMessageResponse` and `AckMessageResultEntry`. */
const REPLY = { STATUS: 0x0a, ENTRY: 0x12 } as const;
const RESULT = { MESSAGE_ID: 0x0a, RECEIPT_HANDLE: 0x12, STATUS: 0x1a } as const;

/** How a call to acknowledge went, and each of its messages. */
export interface AckMessageReply {
  readonly status: StatusInput;
  readonly entries?: readonly AckedMessage[] | undefined;
}

/** How the acknowledgement of one message fared. */
export interface AckedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly status: StatusInput;
}

const reader = new WireReader();
const out = new WireWriter(1 << 10);

/** An `AckMessageRequest`. BAD_REQUEST for bytes that are none. */
export function decodeAckMessage(bytes: Buffer): AckMessageRequest__Output {
  reader.reset(bytes, 0, bytes.length);
  const request: AckMessageRequest__Output = { group: null, topic: null, entries: [] };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === REQUEST.ENTRY) request.entries.push(readEntry());
    else if (tag === REQUEST.GROUP) request.group = readResource(reader);
    else if (tag === REQUEST.TOPIC) request.topic = readResource(reader);
    else passOver(reader, tag, 3, "a request to acknowledge");
  }
  return request;
}

function readEntry(): AckMessageEntry__Output {
  const end = enter(reader);
  const entry: AckMessageEntry__Output = { messageId: "", receiptHandle: "" };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === ENTRY.MESSAGE_ID) entry.messageId = reader.text();
    else if (tag === ENTRY.RECEIPT_HANDLE) entry.receiptHandle = reader.text();
    else if (tag === ENTRY.LITE_TOPIC)
      Object.assign(entry, { liteTopic: reader.text(), _liteTopic: "liteTopic" });
    else passOver(reader, tag, 3, "an entry to acknowledge");
  }
  reader.end = end;
  return entry;
}

/** The bytes of an `AckMessageResponse`. */
export function encodeAckMessageReply({ status, entries = [] }: AckMessageReply): Buffer {
  out.at = 0;
  writeStatusField(out, REPLY.STATUS, status);
  for (const entry of entries) writeResult(entry);
  return out.take();
}

function writeResult({ messageId, receiptHandle, status }: AckedMessage): void {
  const texts = textFieldSize(messageId) + textFieldSize(receiptHandle);
  writeBlockHead(out, REPLY.ENTRY, texts + statusFieldSize(status));
  writeTextField(out, RESULT.MESSAGE_ID, messageId);
  writeTextField(out, RESULT.RECEIPT_HANDLE, receiptHandle);
  writeStatusField(out, RESULT.STATUS, status);
}
