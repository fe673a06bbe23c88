import { crc32 } from "node:zlib";

/**
 * One record of the commit log on disk. Integers are little-endian.
 *
 *     0       4        8                                       88          length
 *     +-------+--------+---------------------------------------+-----------+
 *     | crc32 | length | protobuf Record, all fields but the   | message   |
 *     |       |        | last, each present and of fixed width | or payload|
 *     +-------+--------+---------------------------------------+-----------+
 *
 *     8  epoch u32       22  kind, flags u32    46  stored at u64 (ms)   65  producer id u64
 *     13 log offset u64  27  topic number u32   55  tag hash u32         74  sequence u64
 *                        32  queue id u32       60  key hash u32         83  field 12 or 13, its length
 *                        37  queue offset u64                                as a varint of four bytes
 *
 * Each number above is the place of a protobuf tag byte; the value follows it. `length` counts the whole record.
 * `crc32` covers everything after itself, the length too. A length of zero is a hole: bytes that nobody wrote.
 * Bytes 8 to the end are the `Record` of proto/logwheel/v1/message.proto and go to readers as they are.
 */
export const HEADER_BYTES = 88;

/** A record's Record message begins here. */
export const RECORD_AT = 8;

/** The largest record: a message of 4 MiB body and all its limits fit well within. */
export const RECORD_BYTES_MAX = 8 << 20;

/**
 * Bits of `kindAndFlags` above the kind: more records of the same group follow; the message has keys; the record stands for
 * another one, and producer id and sequence are that one's epoch and log offset; it is a further half of a transaction, and
 * its queue offset is the first one's log offset; it has a time to live.
 */
export const MORE = 1 << 8;
export const KEYED = 2 << 8;
export const STANDS = 4 << 8;
export const TTL = 8 << 8;
export const JOINED = 16 << 8;

/** What a record is; see `RecordKind` in message.proto. */
export const KIND = {
  message: 1,
  mark: 2,
  end: 3,
  epoch: 4,
  snapshot: 5,
  topic: 6,
  group: 7,
  cursors: 8,
  /** Stands for bytes that an operator gave up; readers pass over what they held. */
  damage: 9,
  delayed: 10,
  half: 11,
  settle: 12,
  /** Holds a delayed or half record that retention was about to drop, whole, as its payload. */
  copy: 13,
} as const;
const KIND_MAX = KIND.copy;

/** Whether records of a kind hold a message, as it was sent; else a payload. */
export function holdsMessage(kind: number): boolean {
  return kind === KIND.message || kind === KIND.delayed || kind === KIND.half;
}

/** Where in a record of a kind the message begins: that of the record in it for a copy; 0 where there is none. */
export function messageAt(kind: number): number {
  if (kind === KIND.copy) return 2 * HEADER_BYTES;
  return holdsMessage(kind) ? HEADER_BYTES : 0;
}

const TEMPLATE = Buffer.alloc(HEADER_BYTES);
for (const [at, tag] of [
  [8, 0x0d],
  [13, 0x11],
  [22, 0x1d],
  [27, 0x25],
  [32, 0x2d],
  [37, 0x31],
  [46, 0x39],
  [55, 0x45],
  [60, 0x4d],
  [65, 0x51],
  [74, 0x59],
] as const)
  TEMPLATE[at] = tag;
const MESSAGE_TAG = 0x62;
const PAYLOAD_TAG = 0x6a;
const TWO_32 = 2 ** 32;

/** The fixed part of a record. One object is reused for many records: copy what must live on. */
export interface Header {
  length: number;
  epoch: number;
  logOffset: number;
  kind: number;
  more: boolean;
  keyed: boolean;
  stands: boolean;
  joined: boolean;
  hasTtl: boolean;
  topic: number;
  queueId: number;
  /** Of a delayed or half record and of a copy: when it is due, milliseconds since 1970. */
  queueOffset: number;
  storedAtMs: number;
  tagHash: number;
  keyHash: number;
  producerId: number;
  /** Of a copy: `times` of its due entry. */
  sequence: number;
}

/** A header to reuse. */
export function emptyHeader(): Header {
  return {
    length: 0,
    epoch: 0,
    logOffset: 0,
    kind: 0,
    more: false,
    keyed: false,
    stands: false,
    joined: false,
    hasTtl: false,
    topic: 0,
    queueId: 0,
    queueOffset: 0,
    storedAtMs: 0,
    tagHash: 0,
    keyHash: 0,
    producerId: 0,
    sequence: 0,
  };
}

/** Of the record that takes the place of `origin`, in the queue or among what waits: the same message, under the same id. */
export function standFor(origin: Readonly<Header>, more: boolean, into: Header): Header {
  into.more = more;
  into.keyed = origin.keyed;
  into.stands = true;
  into.hasTtl = origin.hasTtl;
  into.tagHash = origin.tagHash;
  into.keyHash = origin.keyHash;
  into.producerId = origin.stands ? origin.producerId : origin.epoch;
  into.sequence = origin.stands ? origin.sequence : origin.logOffset;
  return into;
}

function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value >>> 0, true);
  view.setUint32(at + 4, Math.floor(value / TWO_32), true);
}

function readU64(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}

/**
 * Writes `header` and the body `from[start..end)` at `at`, checksum last. `header.length` is set here. The place must
 * have room for HEADER_BYTES and the body.
 */
export function writeRecord(
  bytes: Buffer,
  view: DataView,
  at: number,
  header: Header,
  from: Uint8Array,
  start: number,
  end: number,
): void {
  const size = end - start;
  header.length = HEADER_BYTES + size;
  bytes.set(TEMPLATE, at);
  view.setUint32(at + 4, header.length, true);
  view.setUint32(at + 9, header.epoch, true);
  writeU64(view, at + 14, header.logOffset);
  view.setUint32(at + 23, header.kind | flagsOf(header), true);
  view.setUint32(at + 28, header.topic, true);
  view.setUint32(at + 33, header.queueId, true);
  writeU64(view, at + 38, header.queueOffset);
  writeU64(view, at + 47, header.storedAtMs);
  view.setUint32(at + 56, header.tagHash, true);
  view.setUint32(at + 61, header.keyHash, true);
  writeU64(view, at + 66, header.producerId);
  writeU64(view, at + 75, header.sequence);
  bytes[at + 83] = holdsMessage(header.kind) ? MESSAGE_TAG : PAYLOAD_TAG;
  view.setUint32(
    at + 84,
    ((size & 0x7f) |
      ((size & 0x3f80) << 1) |
      ((size & 0x1fc000) << 2) |
      ((size & 0xfe00000) << 3) |
      0x808080) >>>
      0,
    true,
  );
  copy(bytes, at + HEADER_BYTES, from, start, end);
  view.setUint32(at, crc32(part(bytes, at + 4, at + header.length)), true);
}

function flagsOf({ more, keyed, stands, hasTtl, joined }: Header): number {
  return (
    (more ? MORE : 0) |
    (keyed ? KEYED : 0) |
    (stands ? STANDS : 0) |
    (hasTtl ? TTL : 0) |
    (joined ? JOINED : 0)
  );
}

function copy(to: Buffer, at: number, from: Uint8Array, start: number, end: number): void {
  to.set(start === 0 && end === from.length ? from : part(from, start, end), at);
}

/** A view of `[start, end)`, for half of what `subarray` of a Buffer costs. */
function part(bytes: Uint8Array, start: number, end: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + start, end - start);
}

/** Reads the fixed part without checking it: for bytes that are known to hold a record at `at`. */
export function readHeader(view: DataView, at: number, into: Header): Header {
  into.length = view.getUint32(at + 4, true);
  into.epoch = view.getUint32(at + 9, true);
  into.logOffset = readU64(view, at + 14);
  const kind = view.getUint32(at + 23, true);
  into.kind = kind & 0xff;
  into.more = (kind & MORE) !== 0;
  into.keyed = (kind & KEYED) !== 0;
  into.stands = (kind & STANDS) !== 0;
  into.joined = (kind & JOINED) !== 0;
  into.hasTtl = (kind & TTL) !== 0;
  into.topic = view.getUint32(at + 28, true);
  into.queueId = view.getUint32(at + 33, true);
  into.queueOffset = readU64(view, at + 38);
  into.storedAtMs = readU64(view, at + 47);
  into.tagHash = view.getUint32(at + 56, true);
  into.keyHash = view.getUint32(at + 61, true);
  into.producerId = readU64(view, at + 66);
  into.sequence = readU64(view, at + 75);
  return into;
}

/** What stands at a place in the log. */
export type Found = "record" | "hole" | "short" | "bad";

/**
 * Checks what stands at `at`, which is `logOffset` in the log: a whole record whose checksum, own offset and shape are
 * right; a hole; a record that goes on behind `bytes` ("short"); or neither.
 */
export function check(bytes: Buffer, view: DataView, at: number, logOffset: number, into: Header): Found {
  if (bytes.length - at < HEADER_BYTES) return "short";
  const length = view.getUint32(at + 4, true);
  if (length === 0) return "hole";
  if (length < HEADER_BYTES || length > RECORD_BYTES_MAX) return "bad";
  if (readU64(view, at + 14) !== logOffset) return "bad";
  if (bytes.length - at < length) return "short";
  if (crc32(part(bytes, at + 4, at + length)) !== view.getUint32(at, true)) return "bad";
  readHeader(view, at, into);
  return into.kind >= 1 && into.kind <= KIND_MAX ? "record" : "bad";
}

/** A byte that stands at this place in every record, and others that do. */
const RARE_TAG = { at: 22, byte: TEMPLATE[22]! };
const MORE_TAGS = [8, 13, 27, 32, 37, 46, 55, 60, 65, 74].map((at) => ({ at, byte: TEMPLATE[at]! }));

/** The next place from `from` on where a record may begin, by its tags alone; -1 if there is none. */
export function findTags(bytes: Buffer, from: number): number {
  const { at, byte } = RARE_TAG;
  for (let hit = bytes.indexOf(byte, from + at); hit >= 0; hit = bytes.indexOf(byte, hit + 1))
    if (MORE_TAGS.every((tag) => bytes[hit - at + tag.at] === tag.byte)) return hit - at;
  return -1;
}
