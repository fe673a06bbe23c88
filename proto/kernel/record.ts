import { LogwheelError } from "./errors.js";
import { type MessageContent, readMessage } from "./message-codec.js";
import { readFixed32, readFixed64, writeFixed32, writeFixed64 } from "./wire.js";

/**
 * A record of the commit log as it is delivered: the protobuf `Record`, of which every field is present, in order and
 * of fixed width. On disk eight bytes (checksum, length) stand before it. Integers are little-endian.
 *
 *     0  1     5  6          14 15   19 20    24 25       29 30           38 39         47 48
 *     +--+-----+--+----------+--+----+--+-----+--+--------+--+------------+--+----------+--+--------+
 *     |0d|epoch|11|log offset|1d|kind|25|topic|2d|queue id|31|queue offset|39|stored at |45|tag hash|
 *     +--+-----+--+----------+--+----+--+-----+--+--------+--+------------+--+----------+--+--------+
 *     52 53       57 58          66 67      75 76     80
 *     +--+--------+--+-----------+--+--------+--+------+-- - -
 *     |4d|key hash|51|producer id|59|sequence|62|length| message
 *     +--+--------+--+-----------+--+--------+--+------+-- - -
 *
 * The tag at 75 is 6a instead when a payload follows; the length is a varint padded to four bytes.
 */
export const RECORD = {
  EPOCH: 1,
  LOG_OFFSET: 6,
  KIND: 15,
  TOPIC: 20,
  QUEUE_ID: 25,
  QUEUE_OFFSET: 30,
  STORED_AT_MS: 39,
  TAG_HASH: 48,
  KEY_HASH: 53,
  PRODUCER_ID: 58,
  SEQUENCE: 67,
  CONTENT_TAG: 75,
  CONTENT_LENGTH: 76,
  CONTENT: 80,
} as const;

/** Bytes of a record without its message or payload. */
export const RECORD_HEAD_BYTES = RECORD.CONTENT;

/** The most bytes of a message or payload: what the four bytes of its length can say. */
export const RECORD_CONTENT_BYTES_MAX = 2 ** 28 - 1;

/** Tag of the content of message records, and of all others. */
export const CONTENT_TAG = { MESSAGE: 0x62, PAYLOAD: 0x6a } as const;

/** Bits 8 to 15 of the kind field. */
export const RECORD_FLAG = { MORE: 0x100, KEYS: 0x200, STANDS: 0x400, TTL: 0x800, JOINED: 0x1000 } as const;

/** Places and values of the field tags that do not vary. */
const TAGS: readonly (readonly [place: number, tag: number])[] = [
  [0, 0x0d],
  [5, 0x11],
  [14, 0x1d],
  [19, 0x25],
  [24, 0x2d],
  [29, 0x31],
  [38, 0x39],
  [47, 0x45],
  [52, 0x4d],
  [57, 0x51],
  [66, 0x59],
];

/** The fixed fields of a record. */
export interface RecordHead {
  readonly epoch: number;
  readonly logOffset: number;
  /** RecordKind and flags. */
  readonly kind: number;
  readonly topic: number;
  readonly queueId: number;
  readonly queueOffset: number;
  readonly storedAtMs: number;
  readonly tagHash: number;
  readonly keyHash: number;
  readonly producerId: number;
  readonly sequence: number;
}

/** Writes everything but the content at `start`; returns the place where the content of `contentBytes` belongs. */
export function writeRecordHead(
  bytes: Buffer,
  start: number,
  head: RecordHead,
  contentTag: number,
  contentBytes: number,
): number {
  for (const [place, tag] of TAGS) bytes[start + place] = tag;
  writeFixed32(bytes, start + RECORD.EPOCH, head.epoch);
  writeFixed64(bytes, start + RECORD.LOG_OFFSET, head.logOffset);
  writeFixed32(bytes, start + RECORD.KIND, head.kind);
  writeFixed32(bytes, start + RECORD.TOPIC, head.topic);
  writeFixed32(bytes, start + RECORD.QUEUE_ID, head.queueId);
  writeFixed64(bytes, start + RECORD.QUEUE_OFFSET, head.queueOffset);
  writeFixed64(bytes, start + RECORD.STORED_AT_MS, head.storedAtMs);
  writeFixed32(bytes, start + RECORD.TAG_HASH, head.tagHash);
  writeFixed32(bytes, start + RECORD.KEY_HASH, head.keyHash);
  writeFixed64(bytes, start + RECORD.PRODUCER_ID, head.producerId);
  writeFixed64(bytes, start + RECORD.SEQUENCE, head.sequence);
  bytes[start + RECORD.CONTENT_TAG] = contentTag;
  return writePaddedLength(bytes, start + RECORD.CONTENT_LENGTH, contentBytes);
}

/** Writes a length below 2^28 as a varint of exactly four bytes; returns the place behind it. */
export function writePaddedLength(bytes: Buffer, at: number, length: number): number {
  bytes[at] = length | 0x80;
  bytes[at + 1] = (length >>> 7) | 0x80;
  bytes[at + 2] = (length >>> 14) | 0x80;
  bytes[at + 3] = length >>> 21;
  return at + 4;
}

export function recordEpoch(bytes: Buffer, start: number): number {
  return readFixed32(bytes, start + RECORD.EPOCH);
}

export function recordLogOffset(bytes: Buffer, start: number): number {
  return readFixed64(bytes, start + RECORD.LOG_OFFSET);
}

/** RecordKind, without the flags. */
export function recordKind(bytes: Buffer, start: number): number {
  return bytes[start + RECORD.KIND]!;
}

/** Flags, in the bits of RECORD_FLAG. */
export function recordFlags(bytes: Buffer, start: number): number {
  return bytes[start + RECORD.KIND + 1]! << 8;
}

export function recordTopic(bytes: Buffer, start: number): number {
  return readFixed32(bytes, start + RECORD.TOPIC);
}

export function recordQueueId(bytes: Buffer, start: number): number {
  return readFixed32(bytes, start + RECORD.QUEUE_ID);
}

export function recordQueueOffset(bytes: Buffer, start: number): number {
  return readFixed64(bytes, start + RECORD.QUEUE_OFFSET);
}

export function recordStoredAtMs(bytes: Buffer, start: number): number {
  return readFixed64(bytes, start + RECORD.STORED_AT_MS);
}

export function recordTagHash(bytes: Buffer, start: number): number {
  return readFixed32(bytes, start + RECORD.TAG_HASH);
}

export function recordKeyHash(bytes: Buffer, start: number): number {
  return readFixed32(bytes, start + RECORD.KEY_HASH);
}

export function recordProducerId(bytes: Buffer, start: number): number {
  return readFixed64(bytes, start + RECORD.PRODUCER_ID);
}

export function recordSequence(bytes: Buffer, start: number): number {
  return readFixed64(bytes, start + RECORD.SEQUENCE);
}

/** Where the message or payload begins; it ends where the record does. */
export function recordContentStart(start: number): number {
  return start + RECORD.CONTENT;
}

/** Bytes of the message or payload. */
export function recordContentBytes(bytes: Buffer, start: number): number {
  const at = start + RECORD.CONTENT_LENGTH;
  return (
    (bytes[at]! & 0x7f) |
    ((bytes[at + 1]! & 0x7f) << 7) |
    ((bytes[at + 2]! & 0x7f) << 14) |
    (bytes[at + 3]! << 21)
  );
}

/** Identifies a message for ever: broker, log epoch and place in the log. */
export function messageId(broker: string, epoch: number, logOffset: number): string {
  return `${broker}-${epoch}-${logOffset}`;
}

/** A message id taken apart; undefined if it is none. */
export function parseMessageId(id: string): { broker: string; epoch: number; logOffset: number } | undefined {
  const parts = MESSAGE_ID.exec(id);
  if (parts === null) return undefined;
  return { broker: parts[1]!, epoch: Number(parts[2]), logOffset: Number(parts[3]) };
}

const MESSAGE_ID = /^(.+)-(\d{1,10})-(\d{1,16})$/;

/** The id of a record's message: of the place where it was sent to, also where the record stands for a delayed or half one. */
export function recordMessageId(broker: string, bytes: Buffer, start: number): string {
  if ((recordFlags(bytes, start) & RECORD_FLAG.STANDS) !== 0)
    return messageId(broker, recordProducerId(bytes, start), recordSequence(bytes, start));
  return messageId(broker, recordEpoch(bytes, start), recordLogOffset(bytes, start));
}

/** Why the delivery before failed. */
export interface LastError {
  readonly name: string;
  readonly message: string;
}

/** One delivered record: a view of the bytes it came in, read when asked. */
export class StoredRecord {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** 1 for the first delivery. */
  readonly attempt: number;
  readonly lastError: LastError | undefined;

  constructor(bytes: Buffer, start: number, end: number, attempt: number, lastError?: LastError) {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    this.attempt = attempt;
    this.lastError = lastError;
  }

  /** Of its message. */
  messageId(broker: string): string {
    return recordMessageId(broker, this.bytes, this.start);
  }

  get epoch(): number {
    return recordEpoch(this.bytes, this.start);
  }

  get logOffset(): number {
    return recordLogOffset(this.bytes, this.start);
  }

  get queueId(): number {
    return recordQueueId(this.bytes, this.start);
  }

  get queueOffset(): number {
    return recordQueueOffset(this.bytes, this.start);
  }

  get storedAtMs(): number {
    return recordStoredAtMs(this.bytes, this.start);
  }

  get tagHash(): number {
    return recordTagHash(this.bytes, this.start);
  }

  get keyHash(): number {
    return recordKeyHash(this.bytes, this.start);
  }

  get producerId(): number {
    return recordProducerId(this.bytes, this.start);
  }

  get sequence(): number {
    return recordSequence(this.bytes, this.start);
  }

  /** The message; its body is a view of the frame, which stays alive with it. */
  message(): MessageContent {
    return readMessage(this.bytes, this.start + RECORD.CONTENT, this.end);
  }
}

/** The message record in `bytes[start..end)`; BAD_REQUEST if it is not laid out as drawn above. */
export function readRecord(
  bytes: Buffer,
  start: number,
  end: number,
  attempt = 1,
  lastError?: LastError,
): StoredRecord {
  if (!fits(bytes, start, end))
    throw new LogwheelError("BAD_REQUEST", "a delivered record is not laid out as this version writes it");
  return new StoredRecord(bytes, start, end, attempt, lastError);
}

function fits(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= RECORD.CONTENT &&
    bytes[start] === 0x0d &&
    bytes[start + 29] === 0x31 &&
    bytes[start + RECORD.CONTENT_TAG] === CONTENT_TAG.MESSAGE &&
    recordContentBytes(bytes, start) === end - start - RECORD.CONTENT
  );
}
