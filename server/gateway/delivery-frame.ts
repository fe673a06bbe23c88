import { hash } from "node:crypto";
import { DigestType } from "../../proto/gen/apache/rocketmq/v2/DigestType.js";
import { Encoding } from "../../proto/gen/apache/rocketmq/v2/Encoding.js";
import type { Resource__Output } from "../../proto/gen/apache/rocketmq/v2/Resource.js";
import { Encoding as NativeEncoding } from "../../proto/gen/logwheel/v1/Encoding.js";
import { textFieldSize, writeTextField } from "../../proto/kernel/field-writer.js";
import { RECORD, type StoredRecord } from "../../proto/kernel/record.js";
import { DEAD_LETTER, DIGEST, MESSAGE, RESOURCE, SECONDS, SYSTEM } from "../../proto/kernel/rocketmq-tags.js";
import {
  int64Size,
  textSize,
  varintSize,
  WireWriter,
  writeInt64,
  writeText,
  writeVarint,
} from "../../proto/kernel/wire.js";
import { typeOf } from "./message-out.js";
import { NativeParts, type Place, type Places } from "./native-parts.js";
import { NANOS_PER_MS } from "./time.js";

/** Tag of `message` in the answers to receiving and to pulling alike. */
const FRAME_MESSAGE = 0x12;

const MD5_HEX_BYTES = 32;
const LOWER_CASE = 0x61;
/** The most that a tag, a length or a number and what else is short take. */
const SHORT_BYTES = 64;

/** How a message comes to its client, beside what is stored of it. */
export interface DeliveryHead {
  /** As the client names it. */
  readonly topic: Resource__Output;
  readonly broker: string;
  readonly invisibleMs?: number;
}

const parts = new NativeParts();
const system = new WireWriter(4 << 10);
const out = new WireWriter(64 << 10);

/**
 * An encoded answer with one message, as `deliveredMessage` makes it, copied from the bytes of its record. Of what is written, a
 * view that holds until the next is made. BAD_REQUEST for a record whose message cannot be read.
 */
export function deliveryFrame(record: StoredRecord, head: DeliveryHead, receiptHandle?: string): Buffer {
  const { bytes, start, end } = record;
  parts.read(bytes, start + RECORD.CONTENT, end);
  system.at = 0;
  writeSystem(record, head, receiptHandle);
  const { body, properties } = parts;
  const topicBytes = textFieldSize(head.topic.resourceNamespace) + textFieldSize(head.topic.name);
  let size = blockSize(topicBytes) + blockSize(system.at);
  if (body.length > 0) size += blockSize(body.length);
  for (let i = 0; i < properties.length; i += 2) size += blockSize(properties[i + 1]! - properties[i]!);
  out.at = 0;
  out.reserve(size + SHORT_BYTES);
  begin(out, FRAME_MESSAGE, size);
  begin(out, MESSAGE.TOPIC, topicBytes);
  writeTextField(out, RESOURCE.NAMESPACE, head.topic.resourceNamespace);
  writeTextField(out, RESOURCE.NAME, head.topic.name);
  copyAll(out, MESSAGE.PROPERTY, bytes, properties);
  copy(out, MESSAGE.SYSTEM, system.bytes, 0, system.at);
  if (body.length > 0) copy(out, MESSAGE.BODY, bytes, body.start, body.end);
  return out.bytes.subarray(0, out.at);
}

/** In the order of the fields' numbers; empty ones are left out. */
function writeSystem(
  record: StoredRecord,
  { broker, invisibleMs }: DeliveryHead,
  receiptHandle?: string,
): void {
  const { bytes, queueId, queueOffset, storedAtMs, attempt } = record;
  copyPlace(SYSTEM.TAG, bytes, parts.tag);
  copyAll(system, SYSTEM.KEY, bytes, parts.keys);
  copyAll(system, SYSTEM.KEY, bytes, parts.furtherKeys);
  if (parts.messageId.length > 0) copyPlace(SYSTEM.MESSAGE_ID, bytes, parts.messageId);
  else text(SYSTEM.MESSAGE_ID, record.messageId(broker));
  digest(bytes, parts.body);
  number(
    SYSTEM.BODY_ENCODING,
    parts.encoding === NativeEncoding.ENCODING_NONE ? Encoding.IDENTITY : Encoding.GZIP,
  );
  number(
    SYSTEM.MESSAGE_TYPE,
    typeOf({ half: parts.half, delayed: isDelayed(), keyed: parts.orderingKey.length > 0 }),
  );
  time(SYSTEM.BORN_TIMESTAMP, parts.bornAtMs || storedAtMs);
  if (parts.bornHost.length > 0) copyPlace(SYSTEM.BORN_HOST, bytes, parts.bornHost);
  else text(SYSTEM.BORN_HOST, broker);
  time(SYSTEM.STORE_TIMESTAMP, storedAtMs);
  text(SYSTEM.STORE_HOST, broker);
  if (parts.deliverAtMs !== 0) time(SYSTEM.DELIVERY_TIMESTAMP, parts.deliverAtMs);
  if (receiptHandle !== undefined) text(SYSTEM.RECEIPT_HANDLE, receiptHandle);
  number(SYSTEM.QUEUE_ID, queueId);
  number(SYSTEM.QUEUE_OFFSET, queueOffset);
  if (invisibleMs !== undefined) time(SYSTEM.INVISIBLE_DURATION, invisibleMs);
  number(SYSTEM.DELIVERY_ATTEMPT, attempt);
  copyPlace(SYSTEM.MESSAGE_GROUP, bytes, parts.orderingKey);
  copyPlace(SYSTEM.TRACE_CONTEXT, bytes, parts.traceContext);
  if (parts.dead) deadLetter(bytes);
  if (parts.priority !== undefined) number(SYSTEM.PRIORITY, parts.priority);
}

function isDelayed(): boolean {
  return parts.deliverAtMs + parts.delayMs + parts.delayLevel > 0;
}

/** Upper-case hexadecimal MD5, the one digest that all official clients read alike. */
function digest(bytes: Buffer, { start, end }: Place): void {
  const hex = hash("md5", bytes.subarray(start, end), "hex");
  begin(system, SYSTEM.BODY_DIGEST, 2 + 2 + MD5_HEX_BYTES);
  const to = system.bytes;
  let at = writeVarint(to, writeVarint(to, system.at, DIGEST.TYPE), DigestType.MD5);
  at = writeVarint(to, writeVarint(to, at, DIGEST.CHECKSUM), MD5_HEX_BYTES);
  for (let i = 0; i < MD5_HEX_BYTES; i++) {
    const code = hex.charCodeAt(i);
    to[at++] = code < LOWER_CASE ? code : code - 0x20;
  }
  system.at = at;
}

/** A timestamp or a duration. */
function time(tag: number, ms: number): void {
  const seconds = Math.floor(ms / 1_000);
  const nanos = Math.round((ms - seconds * 1_000) * NANOS_PER_MS);
  begin(system, tag, 2 + int64Size(seconds) + varintSize(nanos));
  const to = system.bytes;
  const at = writeInt64(to, writeVarint(to, system.at, SECONDS.SECONDS), seconds);
  system.at = writeVarint(to, writeVarint(to, at, SECONDS.NANOS), nanos);
}

function deadLetter(bytes: Buffer): void {
  const { deadTopic, deadId } = parts;
  begin(system, SYSTEM.DEAD_LETTER, blockSize(deadTopic.length) + blockSize(deadId.length));
  copy(system, DEAD_LETTER.TOPIC, bytes, deadTopic.start, deadTopic.end);
  copy(system, DEAD_LETTER.MESSAGE_ID, bytes, deadId.start, deadId.end);
}

function number(tag: number, value: number): void {
  system.reserve(SHORT_BYTES);
  system.at = writeInt64(system.bytes, writeVarint(system.bytes, system.at, tag), value);
}

function text(tag: number, value: string): void {
  const size = textSize(value);
  begin(system, tag, size);
  system.at = writeText(system.bytes, system.at, value, size);
}

function copyPlace(tag: number, bytes: Buffer, { start, end }: Place): void {
  if (end > start) copy(system, tag, bytes, start, end);
}

function copyAll(to: WireWriter, tag: number, bytes: Buffer, places: Places): void {
  for (let i = 0; i < places.length; i += 2) copy(to, tag, bytes, places[i]!, places[i + 1]!);
}

function copy(to: WireWriter, tag: number, bytes: Buffer, start: number, end: number): void {
  begin(to, tag, end - start);
  // A view of one's own and `set`: half of what `copy` of a Buffer costs.
  to.bytes.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start), to.at);
  to.at += end - start;
}

/** Writes a tag and the length of what follows, and makes room for it. */
function begin(to: WireWriter, tag: number, size: number): void {
  to.reserve(size + SHORT_BYTES);
  to.at = writeVarint(to.bytes, writeVarint(to.bytes, to.at, tag), size);
}

/** Bytes of a block with its length and its tag, which has one byte. */
function blockSize(bytes: number): number {
  return 1 + varintSize(bytes) + bytes;
}
