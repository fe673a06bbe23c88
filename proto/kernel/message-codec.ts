import { DEAD_LETTER_TAG } from "./dead-letter.js";
import { enter, MAP, ROCKETMQ, skipUnknown, TAG } from "./message-fields.js";
import { TextCache } from "./text-cache.js";
import { int64Size, textSize, varintSize, WireReader, writeInt64, writeText, writeVarint } from "./wire.js";

/** A message as its producer gives it. */
export interface MessageInput {
  readonly body: Uint8Array;
  readonly tag?: string | undefined;
  readonly keys?: readonly string[] | undefined;
  readonly orderingKey?: string | undefined;
  readonly properties?: Readonly<Record<string, string>> | undefined;
  readonly bornAtMs?: number | undefined;
  readonly bornHost?: string | undefined;
  /** `Encoding` of message.proto; 0 is none. */
  readonly encoding?: number | undefined;
  readonly producerGroup?: string | undefined;
  /** When it is to be delivered: one of these three; 0 for none. */
  readonly delayMs?: number | undefined;
  readonly deliverAtMs?: number | undefined;
  readonly delayLevel?: number | undefined;
  readonly ttlMs?: number | undefined;
  readonly rocketmq?: RocketMqInput | undefined;
}

/** What only a client of RocketMQ says of its message. */
export interface RocketMqInput {
  readonly messageId?: string | undefined;
  readonly traceContext?: string | undefined;
  readonly furtherKeys?: readonly string[] | undefined;
  /** 0 is one, too. */
  readonly priority?: number | undefined;
}

/** A message as it is read. */
export interface MessageContent {
  /** A view of the bytes that were read. */
  readonly body: Buffer;
  readonly tag: string;
  readonly keys: readonly string[];
  readonly orderingKey: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly bornAtMs: number;
  readonly bornHost: string;
  readonly encoding: number;
  readonly producerGroup: string;
  readonly ttlMs: number;
  /** An encoded `DeadLetter`; null where the message is none. */
  readonly deadLetter: Buffer | null;
}

/** Bytes that `writeMessage` will write. Checks nothing: brokers answer for the limits, see `scanMessage`. */
export function encodedMessageSize(message: MessageInput): number {
  let size = 1 + blockSize(message.body.length);
  if (message.tag) size += 1 + blockSize(textSize(message.tag));
  if (message.keys !== undefined) for (const key of message.keys) size += 1 + blockSize(textSize(key));
  if (message.orderingKey) size += 1 + blockSize(textSize(message.orderingKey));
  if (message.properties !== undefined)
    for (const name in message.properties)
      size += 1 + blockSize(propertySize(name, message.properties[name]!));
  if (message.bornAtMs) size += 1 + int64Size(message.bornAtMs);
  if (message.bornHost) size += 1 + blockSize(textSize(message.bornHost));
  if (message.encoding) size += 1 + varintSize(message.encoding);
  if (message.producerGroup) size += 1 + blockSize(textSize(message.producerGroup));
  if (message.delayMs) size += 1 + int64Size(message.delayMs);
  if (message.deliverAtMs) size += 1 + int64Size(message.deliverAtMs);
  if (message.delayLevel) size += 1 + varintSize(message.delayLevel);
  if (message.ttlMs) size += 1 + int64Size(message.ttlMs);
  if (message.rocketmq) size += 1 + blockSize(rocketMqSize(message.rocketmq));
  return size;
}

function rocketMqSize({ messageId, traceContext, furtherKeys, priority }: RocketMqInput): number {
  let size = 0;
  if (messageId) size += 1 + blockSize(textSize(messageId));
  if (traceContext) size += 1 + blockSize(textSize(traceContext));
  if (furtherKeys !== undefined) for (const key of furtherKeys) size += 1 + blockSize(textSize(key));
  if (priority !== undefined) size += 1 + int64Size(priority);
  return size;
}

/** Writes the message in protobuf; returns the place behind it. The buffer has room for `encodedMessageSize`. */
export function writeMessage(message: MessageInput, into: Buffer, start: number): number {
  const { body, properties } = message;
  let at = writeVarint(into, writeTag(into, start, TAG.BODY), body.length);
  into.set(body, at);
  at += body.length;
  if (message.tag) at = writeTextField(into, at, TAG.TAG, message.tag);
  if (message.keys !== undefined) for (const key of message.keys) at = writeTextField(into, at, TAG.KEY, key);
  if (message.orderingKey) at = writeTextField(into, at, TAG.ORDERING_KEY, message.orderingKey);
  if (properties !== undefined)
    for (const name in properties) at = writeProperty(into, at, name, properties[name]!);
  if (message.bornAtMs) at = writeInt64(into, writeTag(into, at, TAG.BORN_AT_MS), message.bornAtMs);
  if (message.bornHost) at = writeTextField(into, at, TAG.BORN_HOST, message.bornHost);
  if (message.encoding) at = writeVarint(into, writeTag(into, at, TAG.ENCODING), message.encoding);
  if (message.producerGroup) at = writeTextField(into, at, TAG.PRODUCER_GROUP, message.producerGroup);
  if (message.delayMs) at = writeInt64(into, writeTag(into, at, TAG.DELAY_MS), message.delayMs);
  if (message.deliverAtMs) at = writeInt64(into, writeTag(into, at, TAG.DELIVER_AT_MS), message.deliverAtMs);
  if (message.delayLevel) at = writeVarint(into, writeTag(into, at, TAG.DELAY_LEVEL), message.delayLevel);
  if (message.ttlMs) at = writeInt64(into, writeTag(into, at, TAG.TTL_MS), message.ttlMs);
  if (message.rocketmq) at = writeRocketMq(into, at, message.rocketmq);
  return at;
}

function writeRocketMq(into: Buffer, start: number, said: RocketMqInput): number {
  const { messageId, traceContext, furtherKeys, priority } = said;
  let at = writeVarint(into, writeTag(into, start, TAG.ROCKETMQ), rocketMqSize(said));
  if (messageId) at = writeTextField(into, at, ROCKETMQ.MESSAGE_ID, messageId);
  if (traceContext) at = writeTextField(into, at, ROCKETMQ.TRACE_CONTEXT, traceContext);
  if (furtherKeys !== undefined)
    for (const key of furtherKeys) at = writeTextField(into, at, ROCKETMQ.FURTHER_KEY, key);
  if (priority !== undefined) at = writeInt64(into, writeTag(into, at, ROCKETMQ.PRIORITY), priority);
  return at;
}

function blockSize(bytes: number): number {
  return varintSize(bytes) + bytes;
}

function propertySize(name: string, value: string): number {
  return 2 + blockSize(textSize(name)) + blockSize(textSize(value));
}

function writeTag(into: Buffer, at: number, tag: number): number {
  into[at] = tag;
  return at + 1;
}

function writeTextField(into: Buffer, at: number, tag: number, text: string): number {
  const size = textSize(text);
  return writeText(into, writeVarint(into, writeTag(into, at, tag), size), text, size);
}

function writeProperty(into: Buffer, start: number, name: string, value: string): number {
  const at = writeVarint(into, writeTag(into, start, TAG.PROPERTY), propertySize(name, value));
  return writeTextField(into, writeTextField(into, at, MAP.KEY, name), MAP.VALUE, value);
}

const NO_KEYS: readonly string[] = Object.freeze([]);
const NO_PROPERTIES: Readonly<Record<string, string>> = Object.freeze({});

/** What `readMessage` fills; becomes the result. */
class Content implements MessageContent {
  body: Buffer;
  tag = "";
  keys: readonly string[] = NO_KEYS;
  orderingKey = "";
  properties: Readonly<Record<string, string>> = NO_PROPERTIES;
  bornAtMs = 0;
  bornHost = "";
  encoding = 0;
  producerGroup = "";
  ttlMs = 0;
  deadLetter: Buffer | null = null;

  constructor(body: Buffer) {
    this.body = body;
  }
}

const EMPTY = Buffer.alloc(0);
const reading = new WireReader();
const texts = new TextCache();

/** The message in `bytes[start..end)`; BAD_REQUEST for bytes that are none. */
export function readMessage(bytes: Buffer, start: number, end: number): MessageContent {
  const reader = reading.reset(bytes, start, end);
  const content = new Content(EMPTY);
  while (reader.at < end) readField(reader, content);
  return content;
}

function readField(reader: WireReader, content: Content): void {
  const tag = reader.tag();
  switch (tag) {
    case TAG.BODY: {
      const end = reader.block();
      content.body = reader.bytes.subarray(reader.at, end);
      reader.at = end;
      return;
    }
    case TAG.TAG:
      content.tag = reader.text(texts);
      return;
    case TAG.KEY:
      content.keys = content.keys === NO_KEYS ? [reader.text()] : [...content.keys, reader.text()];
      return;
    case TAG.ORDERING_KEY:
      content.orderingKey = reader.text();
      return;
    case TAG.PROPERTY:
      if (content.properties === NO_PROPERTIES) content.properties = {};
      readProperty(reader, content.properties);
      return;
    case TAG.BORN_AT_MS:
      content.bornAtMs = reader.int64();
      return;
    case TAG.BORN_HOST:
      content.bornHost = reader.text(texts);
      return;
    case TAG.ENCODING:
      content.encoding = reader.uint32();
      return;
    case TAG.PRODUCER_GROUP:
      content.producerGroup = reader.text(texts);
      return;
    case TAG.DELAY_MS:
    case TAG.DELIVER_AT_MS:
    case TAG.DELAY_LEVEL:
      reader.int64();
      return;
    case TAG.TTL_MS:
      content.ttlMs = reader.int64();
      return;
    case DEAD_LETTER_TAG: {
      const end = reader.block();
      content.deadLetter = reader.bytes.subarray(reader.at, end);
      reader.at = end;
      return;
    }
    default:
      skipUnknown(reader, tag);
  }
}

/** Reads an entry of a map of texts, before which the reader stands, into `into`. */
export function readProperty(reader: WireReader, into: Record<string, string>): void {
  const end = enter(reader);
  let name = "";
  let value = "";
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === MAP.KEY) name = reader.text(texts);
    else if (tag === MAP.VALUE) value = reader.text();
    else reader.skip(tag);
  }
  reader.end = end;
  if (name === "__proto__")
    Object.defineProperty(into, name, { value, enumerable: true, configurable: true, writable: true });
  else into[name] = value;
}

/** Look-up keys of the message in `bytes[start..end)`. */
export function keysOf(bytes: Buffer, start: number, end: number): string[] {
  const reader = reading.reset(bytes, start, end);
  const keys: string[] = [];
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag === TAG.KEY) keys.push(reader.text());
    else reader.skip(tag);
  }
  return keys;
}

/** Time to live of the message in `bytes[start..end)`, milliseconds; 0 without one. */
export function ttlOf(bytes: Buffer, start: number, end: number): number {
  const reader = reading.reset(bytes, start, end);
  let ttlMs = 0;
  while (reader.at < end) {
    const tag = reader.tag();
    if (tag === TAG.TTL_MS) ttlMs = reader.int64();
    else reader.skip(tag);
  }
  return ttlMs;
}
