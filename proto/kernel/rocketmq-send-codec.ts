import type { Resource__Output } from "../gen/apache/rocketmq/v2/Resource.js";
import {
  numberFieldSize,
  textFieldSize,
  writeBlockHead,
  writeNumberField,
  writeTextField,
} from "./field-writer.js";
import { readProperty } from "./message-codec.js";
import { passOver, within } from "./message-fields.js";
import {
  readResource,
  readSeconds,
  type Seconds,
  type StatusInput,
  statusFieldSize,
  writeStatusField,
} from "./rocketmq-fields.js";
import { DIGEST, MESSAGE, SYSTEM } from "./rocketmq-tags.js";
import { TextCache } from "./text-cache.js";
import { WireReader, WireWriter } from "./wire.js";

/** Digest of a body, and how it was made: `DigestType` of definition.proto. */
export interface BodyDigest {
  readonly type: number;
  readonly checksum: string;
}

/** What a producer says of a message beside its content. */
export interface ProducedProperties {
  readonly tag?: string | undefined;
  readonly keys: readonly string[];
  readonly messageId: string;
  readonly bodyDigest: BodyDigest | null;
  readonly bodyEncoding: number;
  readonly messageType: number;
  readonly bornTimestamp: Seconds | null;
  readonly bornHost: string;
  readonly deliveryTimestamp?: Seconds | null | undefined;
  readonly messageGroup?: string | undefined;
  readonly traceContext?: string | undefined;
  readonly orphanedTransactionRecoveryDuration?: Seconds | null | undefined;
  readonly priority?: number | undefined;
}

/** A message that a producer of RocketMQ sends; the body is a view of the bytes that were read. */
export interface ProducedMessage {
  readonly topic: Resource__Output | null;
  readonly userProperties: Readonly<Record<string, string>>;
  readonly systemProperties: ProducedProperties | null;
  readonly body: Buffer | Uint8Array;
}

const MESSAGE_FIELD_MAX = 4;

/** Field tag of `SendMessageRequest`. */
const REQUEST = { MESSAGE: 0x0a } as const;

const EMPTY = Buffer.alloc(0);
const texts = new TextCache();

/** What one call sends. */
export interface ProducedMessages {
  readonly messages: readonly ProducedMessage[];
}

/** The messages of a `SendMessageRequest`. BAD_REQUEST for bytes that are none. */
export function decodeSendMessage(bytes: Buffer): ProducedMessages {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const messages: ProducedMessage[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag !== REQUEST.MESSAGE) passOver(reader, tag, 1, "a request to send");
    else messages.push(within(reader, readMessage));
  }
  return { messages };
}

function readMessage(reader: WireReader): ProducedMessage {
  let topic: Resource__Output | null = null;
  const userProperties: Record<string, string> = {};
  let systemProperties: ProducedProperties | null = null;
  let body: Buffer = EMPTY;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case MESSAGE.TOPIC:
        topic = readResource(reader);
        break;
      case MESSAGE.PROPERTY:
        readProperty(reader, userProperties);
        break;
      case MESSAGE.SYSTEM:
        systemProperties = within(reader, readSystem);
        break;
      case MESSAGE.BODY: {
        const end = reader.block();
        body = reader.bytes.subarray(reader.at, end);
        reader.at = end;
        break;
      }
      default:
        passOver(reader, tag, MESSAGE_FIELD_MAX, "a message");
    }
  }
  return { topic, userProperties, systemProperties, body };
}

/** What `readSystem` fills; becomes the result. */
class Properties implements ProducedProperties {
  tag: string | undefined = undefined;
  keys: string[] = NO_KEYS;
  messageId = "";
  bodyDigest: BodyDigest | null = null;
  bodyEncoding = 0;
  messageType = 0;
  bornTimestamp: Seconds | null = null;
  bornHost = "";
  deliveryTimestamp: Seconds | null = null;
  messageGroup: string | undefined = undefined;
  traceContext: string | undefined = undefined;
  orphanedTransactionRecoveryDuration: Seconds | null = null;
  priority: number | undefined = undefined;
}

const NO_KEYS: string[] = [];

function readSystem(reader: WireReader): ProducedProperties {
  const system = new Properties();
  while (reader.at < reader.end) readSystemField(reader, reader.tag(), system);
  return system;
}

function readSystemField(reader: WireReader, tag: number, into: Properties): void {
  switch (tag) {
    case SYSTEM.TAG:
      into.tag = reader.text(texts);
      return;
    case SYSTEM.KEY:
      if (into.keys === NO_KEYS) into.keys = [];
      into.keys.push(reader.text());
      return;
    case SYSTEM.MESSAGE_ID:
      into.messageId = reader.text();
      return;
    case SYSTEM.BODY_DIGEST:
      into.bodyDigest = within(reader, readDigest);
      return;
    case SYSTEM.BODY_ENCODING:
      into.bodyEncoding = reader.uint32() | 0;
      return;
    case SYSTEM.MESSAGE_TYPE:
      into.messageType = reader.uint32() | 0;
      return;
    case SYSTEM.BORN_TIMESTAMP:
      into.bornTimestamp = readSeconds(reader);
      return;
    case SYSTEM.BORN_HOST:
      into.bornHost = reader.text(texts);
      return;
    default:
      readFurtherField(reader, tag, into);
  }
}

function readFurtherField(reader: WireReader, tag: number, into: Properties): void {
  switch (tag) {
    case SYSTEM.DELIVERY_TIMESTAMP:
      into.deliveryTimestamp = readSeconds(reader);
      return;
    case SYSTEM.MESSAGE_GROUP:
      into.messageGroup = reader.text(texts);
      return;
    case SYSTEM.TRACE_CONTEXT:
      into.traceContext = reader.text();
      return;
    case SYSTEM.RECOVERY_DURATION:
      into.orphanedTransactionRecoveryDuration = readSeconds(reader);
      return;
    case SYSTEM.PRIORITY:
      into.priority = reader.uint32() | 0;
      return;
    default:
      reader.skip(tag);
  }
}

function readDigest(reader: WireReader): BodyDigest {
  let type = 0;
  let checksum = "";
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === DIGEST.TYPE) type = reader.uint32() | 0;
    else if (tag === DIGEST.CHECKSUM) checksum = reader.text();
    else reader.skip(tag);
  }
  return { type, checksum };
}

/** Field tags of `apache.rocketmq.v2.SendMessageResponse`. */
const RESPONSE = { STATUS: 0x0a, ENTRY: 0x12 } as const;

/** Field tags of `apache.rocketmq.v2.SendResultEntry`. */
const ENTRY = {
  STATUS: 0x0a,
  MESSAGE_ID: 0x12,
  TRANSACTION_ID: 0x1a,
  OFFSET: 0x20,
  RECALL_HANDLE: 0x2a,
} as const;

/** How a call to send went, and each of its messages. */
export interface SendMessageReply {
  readonly status: StatusInput;
  readonly entries?: readonly SentResult[] | undefined;
}

/** How one message fared. */
export interface SentResult {
  readonly status: StatusInput;
  readonly messageId: string;
  readonly transactionId?: string | undefined;
  readonly offset?: number | undefined;
  readonly recallHandle?: string | undefined;
}

const out = new WireWriter(1 << 10);

/** The bytes of a `SendMessageResponse`. */
export function encodeSendMessageReply({ status, entries = [] }: SendMessageReply): Buffer {
  out.at = 0;
  writeStatusField(out, RESPONSE.STATUS, status);
  for (const entry of entries) writeEntry(entry);
  return out.take();
}

function writeEntry({
  status,
  messageId,
  transactionId = "",
  offset = 0,
  recallHandle = "",
}: SentResult): void {
  const texts = textFieldSize(messageId) + textFieldSize(transactionId) + textFieldSize(recallHandle);
  writeBlockHead(out, RESPONSE.ENTRY, statusFieldSize(status) + texts + numberFieldSize(offset));
  writeStatusField(out, ENTRY.STATUS, status);
  writeTextField(out, ENTRY.MESSAGE_ID, messageId);
  writeTextField(out, ENTRY.TRANSACTION_ID, transactionId);
  writeNumberField(out, ENTRY.OFFSET, offset);
  writeTextField(out, ENTRY.RECALL_HANDLE, recallHandle);
}
