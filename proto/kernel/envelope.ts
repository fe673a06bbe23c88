import { isUtf8 } from "node:buffer";
import { DEAD_LETTER_TAG } from "./dead-letter.js";
import { LogwheelError } from "./errors.js";
import { fnv1a } from "./hash.js";
import { MESSAGE_LIMITS } from "./limits.js";
import { enter, MAP, ROCKETMQ, skipUnknown, TAG } from "./message-fields.js";
import { WireReader } from "./wire.js";

/** What the broker must know of a message: places and hashes in the bytes it stands in. Made once, filled again. */
export class Envelope {
  bodyStart = 0;
  bodyBytes = 0;
  tagStart = 0;
  tagEnd = 0;
  /** 0 without a tag. */
  tagHash = 0;
  /** Of the ordering key. */
  keyStart = 0;
  keyEnd = 0;
  /** Of the ordering key; 0 without one. */
  keyHash = 0;
  /** Look-up keys. */
  keyCount = 0;
  propertyCount = 0;
  /** Names and values together. */
  propertyBytes = 0;
  bornAtMs = 0;
  /** 0: as its topic says. */
  ttlMs = 0;
  /** Of its `dead_letter`, tag and length included; 0 without one. Clients must not send it. */
  deadLetterBytes = 0;
  /** Of the producer group; equal without one. */
  groupStart = 0;
  groupEnd = 0;
  /** When it is to be delivered: one of these three, or zeros. */
  delayMs = 0;
  deliverAtMs = 0;
  delayLevel = 0;

  /** Whether there are look-up keys. */
  get hasKeys(): boolean {
    return this.keyCount > 0;
  }

  /** Whether the message says when it is to be delivered. */
  get due(): boolean {
    return this.delayMs !== 0 || this.deliverAtMs !== 0 || this.delayLevel !== 0;
  }

  clear(): void {
    this.bodyStart = this.bodyBytes = 0;
    this.tagStart = this.tagEnd = this.tagHash = 0;
    this.keyStart = this.keyEnd = this.keyHash = 0;
    this.keyCount = this.propertyCount = this.propertyBytes = this.bornAtMs = 0;
    this.ttlMs = this.deadLetterBytes = 0;
    this.groupStart = this.groupEnd = this.delayMs = this.deliverAtMs = this.delayLevel = 0;
  }
}

/** More than what brokers say of a dead letter. */
const DEAD_LETTER_BYTES_MAX = 16 << 10;

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
    case DEAD_LETTER_TAG:
      into.deadLetterBytes += skipped(reader, tag);
      return;
    case TAG.PRODUCER_GROUP:
      into.groupEnd = scanText(reader, "producer group", MESSAGE_LIMITS.groupBytesMax);
      into.groupStart = reader.at;
      reader.at = into.groupEnd;
      return;
    case TAG.DELAY_MS:
      into.delayMs = scanTime(reader, "delay");
      return;
    case TAG.DELIVER_AT_MS:
      into.deliverAtMs = scanTime(reader, "time of delivery");
      return;
    case TAG.DELAY_LEVEL:
      into.delayLevel = reader.uint32();
      return;
    case TAG.ROCKETMQ:
      return scanRocketMq(reader);
    default:
      skipUnknown(reader, tag);
  }
}

/** Passes over a field; returns its bytes, tag and length included. */
function skipped(reader: WireReader, tag: number): number {
  const start = reader.at - 1;
  reader.skip(tag);
  return reader.at - start;
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

/** Its texts go out as they are: a client of RocketMQ that gets one that is no text reads nothing of its answer. */
function scanRocketMq(reader: WireReader): void {
  const end = enter(reader);
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === ROCKETMQ.MESSAGE_ID || tag === ROCKETMQ.TRACE_CONTEXT || tag === ROCKETMQ.FURTHER_KEY) {
      const stop = reader.block();
      let high = 0;
      for (let at = reader.at; at < stop; at++) high |= reader.bytes[at]!;
      checkUtf8(reader, stop, high, "text of a client of RocketMQ");
      reader.at = stop;
    } else reader.skip(tag);
  }
  reader.end = end;
}

function scanTime(reader: WireReader, what: string): number {
  const ms = reader.int64();
  if (ms < 0) throw new LogwheelError("BAD_REQUEST", `the ${what} is negative (${ms} ms)`);
  return ms;
}

/** Checks the text that the reader stands before and moves to its start; returns its end. */
function scanText(reader: WireReader, what: string, bytesMax: number): number {
  const end = reader.block();
  const bytes = reader.bytes;
  if (end - reader.at > bytesMax) throw tooLarge(articled(what), end - reader.at, bytesMax);
  let high = 0;
  for (let at = reader.at; at < end; at++) {
    const byte = bytes[at]!;
    high |= byte;
    if (byte < 0x20 || byte === 0x7f)
      throw new LogwheelError("BAD_REQUEST", `${articled(what)} has a control character (${byte})`);
  }
  checkUtf8(reader, end, high, what);
  return end;
}

/** `high` is all bytes up to `end`, or-ed: below 0x80 they are ASCII. */
function checkUtf8({ bytes, at }: WireReader, end: number, high: number, what: string): void {
  if (high >= 0x80 && !isUtf8(bytes.subarray(at, end)))
    throw new LogwheelError("BAD_REQUEST", `${articled(what)} is not valid UTF-8`);
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

function articled(what: string): string {
  return `${/^[aeiou]/.test(what) ? "an" : "a"} ${what}`;
}
