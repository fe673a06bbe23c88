import type { Resource__Output } from "../gen/apache/rocketmq/v2/Resource.js";
import { readProperty } from "./message-codec.js";
import { enter } from "./message-fields.js";
import { TextCache } from "./text-cache.js";
import {
  int64Size,
  malformed,
  textSize,
  varintSize,
  WireReader,
  writeInt64,
  writeText,
  writeVarint,
} from "./wire.js";

/** Seconds and nanoseconds: since 1970 in a time, else a duration. */
export interface Seconds {
  readonly seconds: number;
  readonly nanos: number;
}

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

/** Field tags of `apache.rocketmq.v2.Message`. */
const MESSAGE = { TOPIC: 0x0a, PROPERTY: 0x12, SYSTEM: 0x1a, BODY: 0x22 } as const;
const MESSAGE_FIELD_MAX = 4;

/** Field tags of `apache.rocketmq.v2.SystemProperties` that producers fill. */
const SYSTEM = {
  TAG: 0x0a,
  KEY: 0x12,
  MESSAGE_ID: 0x1a,
  BODY_DIGEST: 0x22,
  BODY_ENCODING: 0x28,
  MESSAGE_TYPE: 0x30,
  BORN_TIMESTAMP: 0x3a,
  BORN_HOST: 0x42,
  DELIVERY_TIMESTAMP: 0x5a,
  MESSAGE_GROUP: 0x8a,
  TRACE_CONTEXT: 0x92,
  RECOVERY_DURATION: 0x9a,
  PRIORITY: 0xb0,
} as const;

const FIRST_TEXT = 0x0a;
const SECOND_TEXT = 0x12;
const FIRST_NUMBER = 0x08;
const SECOND_NUMBER = 0x10;

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
    if (tag !== FIRST_TEXT) passOver(reader, tag, 1);
    else messages.push(within(reader, readMessage));
  }
  return { messages };
}

/** Reads the block that the reader stands before. */
function within<T>(reader: WireReader, read: (reader: WireReader) => T): T {
  const end = enter(reader);
  const value = read(reader);
  reader.end = end;
  return value;
}

/** A field of a newer version, or one that producers do not fill; one of the first has a wire type that it cannot have. */
function passOver(reader: WireReader, tag: number, fieldMax: number): void {
  if (tag >>> 3 <= fieldMax) throw malformed(`field ${tag >>> 3} of a sent message has wire type ${tag & 7}`);
  reader.skip(tag);
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
        topic = within(reader, readResource);
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
        passOver(reader, tag, MESSAGE_FIELD_MAX);
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
      into.bornTimestamp = within(reader, readSeconds);
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
      into.deliveryTimestamp = within(reader, readSeconds);
      return;
    case SYSTEM.MESSAGE_GROUP:
      into.messageGroup = reader.text(texts);
      return;
    case SYSTEM.TRACE_CONTEXT:
      into.traceContext = reader.text();
      return;
    case SYSTEM.RECOVERY_DURATION:
      into.orphanedTransactionRecoveryDuration = within(reader, readSeconds);
      return;
    case SYSTEM.PRIORITY:
      into.priority = reader.uint32() | 0;
      return;
    default:
      reader.skip(tag);
  }
}

function readResource(reader: WireReader): Resource__Output {
  let resourceNamespace = "";
  let name = "";
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === FIRST_TEXT) resourceNamespace = reader.text(texts);
    else if (tag === SECOND_TEXT) name = reader.text(texts);
    else reader.skip(tag);
  }
  return { resourceNamespace, name };
}

function readDigest(reader: WireReader): BodyDigest {
  let type = 0;
  let checksum = "";
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === FIRST_NUMBER) type = reader.uint32() | 0;
    else if (tag === SECOND_TEXT) checksum = reader.text();
    else reader.skip(tag);
  }
  return { type, checksum };
}

function readSeconds(reader: WireReader): Seconds {
  let seconds = 0;
  let nanos = 0;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === FIRST_NUMBER) seconds = reader.int64();
    else if (tag === SECOND_NUMBER) nanos = reader.uint32() | 0;
    else reader.skip(tag);
  }
  return { seconds, nanos };
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

/** How a call went. */
export interface StatusInput {
  readonly code: number;
  readonly message: string;
}

/** The bytes of a `SendMessageResponse`. */
export function encodeSendMessageReply({ status, entries = [] }: SendMessageReply): Buffer {
  let room = 1 + blockSize(statusSize(status));
  for (const entry of entries) room += 1 + blockSize(entrySize(entry));
  const bytes = Buffer.allocUnsafe(room);
  let at = writeStatus(bytes, 0, RESPONSE.STATUS, status);
  for (const entry of entries) {
    at = writeNumber(bytes, at, RESPONSE.ENTRY, entrySize(entry));
    at = writeEntry(bytes, at, entry);
  }
  return bytes;
}

function blockSize(bytes: number): number {
  return varintSize(bytes) + bytes;
}

function textFieldSize(text: string | undefined): number {
  return text ? 1 + blockSize(textSize(text)) : 0;
}

function statusSize({ code, message }: StatusInput): number {
  return (code === 0 ? 0 : 1 + varintSize(code)) + textFieldSize(message);
}

function entrySize({ status, messageId, transactionId, offset, recallHandle }: SentResult): number {
  const texts = textFieldSize(messageId) + textFieldSize(transactionId) + textFieldSize(recallHandle);
  return 1 + blockSize(statusSize(status)) + texts + (offset ? 1 + int64Size(offset) : 0);
}

function writeEntry(bytes: Buffer, start: number, entry: SentResult): number {
  let at = writeStatus(bytes, start, ENTRY.STATUS, entry.status);
  at = writeTextField(bytes, at, ENTRY.MESSAGE_ID, entry.messageId);
  at = writeTextField(bytes, at, ENTRY.TRANSACTION_ID, entry.transactionId);
  if (entry.offset) {
    bytes[at] = ENTRY.OFFSET;
    at = writeInt64(bytes, at + 1, entry.offset);
  }
  return writeTextField(bytes, at, ENTRY.RECALL_HANDLE, entry.recallHandle);
}

function writeStatus(bytes: Buffer, start: number, tag: number, status: StatusInput): number {
  let at = writeNumber(bytes, start, tag, statusSize(status));
  if (status.code !== 0) at = writeNumber(bytes, at, FIRST_NUMBER, status.code);
  return writeTextField(bytes, at, SECOND_TEXT, status.message);
}

function writeNumber(bytes: Buffer, at: number, tag: number, value: number): number {
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

function writeTextField(bytes: Buffer, at: number, tag: number, text: string | undefined): number {
  if (!text) return at;
  const size = textSize(text);
  return writeText(bytes, writeNumber(bytes, at, tag, size), text, size);
}
