import { isUtf8 } from "node:buffer";
import { DEAD_LETTER_TAG } from "./dead-letter.js";
import { Envelope } from "./envelope.js";
import { LogwheelError } from "./errors.js";
import { fnv1a } from "./hash.js";
import { MESSAGE_LIMITS } from "./limits.js";
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

export { Envelope };

/** Field tags of `logwheel.v1.Message`. */
const TAG = {
  BODY: 0x0a,
  TAG: 0x12,
  KEY: 0x1a,
  ORDERING_KEY: 0x22,
  PROPERTY: 0x2a,
  BORN_AT_MS: 0x30,
  BORN_HOST: 0x3a,
  ENCODING: 0x40,
  TTL_MS: 0x48,
} as const;

const FIELD_MAX = 9;

/** More than what brokers say of a dead letter. */
const DEAD_LETTER_BYTES_MAX = 16 << 10;
const MAP = { KEY: 0x0a, VALUE: 0x12 } as const;

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
  readonly ttlMs?: number | undefined;
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
  if (message.ttlMs) size += 1 + int64Size(message.ttlMs);
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
  if (message.ttlMs) at = writeInt64(into, writeTag(into, at, TAG.TTL_MS), message.ttlMs);
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

function skipUnknown(reader: WireReader, tag: number): void {
  if (tag >>> 3 <= FIELD_MAX) throw malformed(`field ${tag >>> 3} of a message has wire type ${tag & 7}`);
  reader.skip(tag);
}

function readProperty(reader: WireReader, into: Record<string, string>): void {
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

/** Narrows the reader to the block it stands before; returns the end to restore. */
function enter(reader: WireReader): number {
  const end = reader.end;
  reader.end = reader.block();
  return end;
}

const scanning = new WireReader();

/**
 * Reads a message's envelope and holds it against `MESSAGE_LIMITS`, without decoding or allocating.
 *
 * Throws BAD_REQUEST or MESSAGE_TOO_LARGE, saying which limit; `into` is undefined then.
 */
export function scanMessage(bytes: Buffer, start: number, end: number, into: Envelope): void {
  checkSize(end - start - DEAD_LETTER_BYTES_MAX);
  into.clear();
  const reader = scanning.reset(bytes, start, end);
  while (reader.at < end) scanField(reader, into);
  checkSize(end - start - into.deadLetterBytes);
  if (into.ttlMs < 0 || into.ttlMs > MESSAGE_LIMITS.ttlMsMax) throw badTtl(into.ttlMs);
  if (into.bodyBytes === 0 && into.deadLetterBytes === 0)
    throw new LogwheelError("BAD_REQUEST", "the message has no body");
}

function scanField(reader: WireReader, into: Envelope): void {
  const tag = reader.tag();
  switch (tag) {
    case TAG.BODY:
      return scanBody(reader, into);
    case TAG.TAG:
      into.tagEnd = scanText(reader, "tag", MESSAGE_LIMITS.tagBytesMax);
      into.tagStart = reader.at;
      checkNoBars(reader.bytes, reader.at, into.tagEnd);
      into.tagHash = fnv1a(reader.bytes, reader.at, into.tagEnd);
      reader.at = into.tagEnd;
      return;
    case TAG.KEY:
      return scanKey(reader, into);
    case TAG.ORDERING_KEY:
      into.keyEnd = scanText(reader, "ordering key", MESSAGE_LIMITS.orderingKeyBytesMax);
      into.keyStart = reader.at;
      into.keyHash = fnv1a(reader.bytes, reader.at, into.keyEnd);
      reader.at = into.keyEnd;
      return;
    case TAG.PROPERTY:
      return scanProperty(reader, into);
    case TAG.BORN_AT_MS:
      into.bornAtMs = reader.int64();
      return;
    case TAG.BORN_HOST:
      reader.at = scanText(reader, "born host", MESSAGE_LIMITS.bornHostBytesMax);
      return;
    case TAG.ENCODING:
      reader.uint32();
      return;
    case TAG.TTL_MS:
      into.ttlMs = reader.int64();
      return;
    case DEAD_LETTER_TAG: {
      const start = reader.at - 1;
      reader.skip(tag);
      into.deadLetterBytes += reader.at - start;
      return;
    }
    default:
      skipUnknown(reader, tag);
  }
}

function scanBody(reader: WireReader, into: Envelope): void {
  const end = reader.block();
  into.bodyStart = reader.at;
  into.bodyBytes = end - reader.at;
  reader.at = end;
  if (into.bodyBytes > MESSAGE_LIMITS.bodyBytesMax)
    throw tooLarge("the body", into.bodyBytes, MESSAGE_LIMITS.bodyBytesMax);
}

function scanKey(reader: WireReader, into: Envelope): void {
  const end = scanText(reader, "key", MESSAGE_LIMITS.keyBytesMax);
  if (end === reader.at) throw new LogwheelError("BAD_REQUEST", "a key is empty");
  if (++into.keyCount > MESSAGE_LIMITS.keysMax)
    throw new LogwheelError("BAD_REQUEST", `more than ${MESSAGE_LIMITS.keysMax} keys`);
  reader.at = end;
}

function scanProperty(reader: WireReader, into: Envelope): void {
  const end = enter(reader);
  if (++into.propertyCount > MESSAGE_LIMITS.propertiesMax)
    throw new LogwheelError("BAD_REQUEST", `more than ${MESSAGE_LIMITS.propertiesMax} properties`);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === MAP.KEY || tag === MAP.VALUE) {
      const stop = scanText(reader, "property", MESSAGE_LIMITS.propertyBytesMax);
      into.propertyBytes += stop - reader.at;
      reader.at = stop;
    } else reader.skip(tag);
  }
  reader.end = end;
  if (into.propertyBytes > MESSAGE_LIMITS.propertyBytesMax)
    throw tooLarge("all properties together", into.propertyBytes, MESSAGE_LIMITS.propertyBytesMax);
}

/** Checks the text that the reader stands before and moves to its start; returns its end. */
function scanText(reader: WireReader, what: string, bytesMax: number): number {
  const end = reader.block();
  const bytes = reader.bytes;
  if (end - reader.at > bytesMax) throw tooLarge(`a ${what}`, end - reader.at, bytesMax);
  let high = 0;
  for (let at = reader.at; at < end; at++) {
    const byte = bytes[at]!;
    high |= byte;
    if (byte < 0x20 || byte === 0x7f)
      throw new LogwheelError("BAD_REQUEST", `a ${what} has a control character (${byte})`);
  }
  if (high >= 0x80 && !isUtf8(bytes.subarray(reader.at, end)))
    throw new LogwheelError("BAD_REQUEST", `a ${what} is not valid UTF-8`);
  return end;
}

function checkNoBars(bytes: Buffer, start: number, end: number): void {
  for (let at = start + 1; at < end; at++)
    if (bytes[at] === 0x7c && bytes[at - 1] === 0x7c)
      throw new LogwheelError("BAD_REQUEST", 'a tag must not have "||" in it: filters use that');
}

function checkSize(bytes: number): void {
  if (bytes > MESSAGE_LIMITS.messageBytesMax)
    throw tooLarge("the encoded message", bytes, MESSAGE_LIMITS.messageBytesMax);
}

function badTtl(ttlMs: number): LogwheelError {
  return new LogwheelError(
    "BAD_REQUEST",
    `a time to live is 1 to ${MESSAGE_LIMITS.ttlMsMax} ms, not ${ttlMs}`,
  );
}

function tooLarge(what: string, bytes: number, bytesMax: number): LogwheelError {
  return new LogwheelError("MESSAGE_TOO_LARGE", `${what} has ${bytes} bytes; ${bytesMax} are allowed`);
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
