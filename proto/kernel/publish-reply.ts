import type { Failure, Failure__Output } from "../gen/logwheel/v1/Failure.js";
import type { LogwheelError } from "./errors.js";
import { errorOf, failureOf } from "./failure.js";
import { protoCodec } from "./proto-codec.js";
import { malformed, varintSize, WireReader, WireWriter, writeFixed32, writeVarint } from "./wire.js";

/** Field tags of `logwheel.v1.PublishReply`. */
const REPLY = {
  FRAME: 0x08,
  EPOCH: 0x15,
  FLUSHED: 0x18,
  LOG_OFFSETS: 0x22,
  LOG_OFFSET: 0x20,
  QUEUE_OFFSETS: 0x2a,
  QUEUE_OFFSET: 0x28,
  QUEUE_IDS: 0x32,
  QUEUE_ID: 0x30,
  REFUSAL: 0x3a,
  OLD_EPOCH: 0x42,
  DEFERRED: 0x4a,
  DEFERRED_ONE: 0x48,
} as const;

/** An entry that was not stored. */
export interface Refused {
  /** Place in the frame. */
  readonly index: number;
  readonly error: LogwheelError;
}

/** A duplicate that was stored in an earlier log epoch. */
export interface OldEpoch {
  readonly index: number;
  readonly epoch: number;
}

/** What was done with a frame: place i of each list belongs to entry i. */
export interface PublishResult {
  readonly frame: number;
  /** Log epoch, part of the message ids. */
  readonly epoch: number;
  readonly flushed: boolean;
  /** 0: refused. */
  readonly logOffsets: readonly number[];
  readonly queueOffsets: readonly number[];
  readonly queueIds: readonly number[];
  readonly refusals: readonly Refused[];
  readonly oldEpochs: readonly OldEpoch[];
  /** Places of entries that are in no queue yet. */
  readonly deferred: readonly number[];
}

const refusalCodec = protoCodec<
  { index: number; failure: Failure },
  { index: number; failure: Failure__Output | null }
>("logwheel.v1.Refusal");
const oldEpochCodec = protoCodec<OldEpoch, OldEpoch>("logwheel.v1.OldEpoch");

/** The encoded `PublishReply`. */
export function encodePublishReply(result: PublishResult): Buffer {
  const out = new WireWriter(64 + result.logOffsets.length * 16);
  writeNumber(out, REPLY.FRAME, result.frame);
  out.reserve(5);
  out.bytes[out.at] = REPLY.EPOCH;
  out.at = writeFixed32(out.bytes, out.at + 1, result.epoch);
  writeNumber(out, REPLY.FLUSHED, result.flushed ? 1 : 0);
  writePacked(out, REPLY.LOG_OFFSETS, result.logOffsets);
  writePacked(out, REPLY.QUEUE_OFFSETS, result.queueOffsets);
  writePacked(out, REPLY.QUEUE_IDS, result.queueIds);
  for (const { index, error } of result.refusals)
    writeBlock(out, REPLY.REFUSAL, refusalCodec.encode({ index, failure: failureOf(error) }));
  for (const old of result.oldEpochs) writeBlock(out, REPLY.OLD_EPOCH, oldEpochCodec.encode(old));
  writePacked(out, REPLY.DEFERRED, result.deferred);
  return out.bytes.subarray(0, out.at);
}

function writeNumber(out: WireWriter, tag: number, value: number): void {
  if (value === 0) return;
  out.reserve(12);
  out.bytes[out.at] = tag;
  out.at = writeVarint(out.bytes, out.at + 1, value);
}

/** Writes tag and length and makes room for the block. */
function beginBlock(out: WireWriter, tag: number, size: number): void {
  out.reserve(size + 12);
  out.bytes[out.at] = tag;
  out.at = writeVarint(out.bytes, out.at + 1, size);
}

function writeBlock(out: WireWriter, tag: number, block: Buffer): void {
  beginBlock(out, tag, block.length);
  out.at += block.copy(out.bytes, out.at);
}

function writePacked(out: WireWriter, tag: number, values: readonly number[]): void {
  if (values.length === 0) return;
  let size = 0;
  for (const value of values) size += varintSize(value);
  beginBlock(out, tag, size);
  for (const value of values) out.at = writeVarint(out.bytes, out.at, value);
}

/** The encoded reply's content; BAD_REQUEST for bytes that are none, or lists of unequal length. */
export function decodePublishReply(bytes: Buffer): PublishResult {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const result = new Result();
  while (reader.at < reader.end) readReplyField(reader, result);
  const count = result.logOffsets.length;
  if (result.queueOffsets.length !== count || result.queueIds.length !== count)
    throw malformed("the lists of a publish reply differ in length");
  return result;
}

class Result implements PublishResult {
  frame = 0;
  epoch = 0;
  flushed = false;
  readonly logOffsets: number[] = [];
  readonly queueOffsets: number[] = [];
  readonly queueIds: number[] = [];
  readonly refusals: Refused[] = [];
  readonly oldEpochs: OldEpoch[] = [];
  readonly deferred: number[] = [];
}

function readReplyField(reader: WireReader, into: Result): void {
  const tag = reader.tag();
  switch (tag) {
    case REPLY.FRAME:
      into.frame = reader.uint64();
      return;
    case REPLY.EPOCH:
      into.epoch = reader.fixed32();
      return;
    case REPLY.FLUSHED:
      into.flushed = reader.uint32() !== 0;
      return;
    case REPLY.REFUSAL: {
      const { index, failure } = refusalCodec.decode(readBlock(reader));
      if (failure === null) throw malformed("a refusal gives no reason");
      into.refusals.push({ index, error: errorOf(failure) });
      return;
    }
    case REPLY.OLD_EPOCH:
      into.oldEpochs.push(oldEpochCodec.decode(readBlock(reader)));
      return;
    default:
      readList(reader, tag, into);
  }
}

/** Lists come packed, or, by old encoders, number by number. */
function readList(reader: WireReader, tag: number, into: Result): void {
  switch (tag) {
    case REPLY.LOG_OFFSETS:
      return readPacked(reader, into.logOffsets);
    case REPLY.LOG_OFFSET:
      into.logOffsets.push(reader.uint64());
      return;
    case REPLY.QUEUE_OFFSETS:
      return readPacked(reader, into.queueOffsets);
    case REPLY.QUEUE_OFFSET:
      into.queueOffsets.push(reader.uint64());
      return;
    case REPLY.QUEUE_IDS:
      return readPacked(reader, into.queueIds);
    case REPLY.QUEUE_ID:
      into.queueIds.push(reader.uint32());
      return;
    case REPLY.DEFERRED:
      return readPacked(reader, into.deferred);
    case REPLY.DEFERRED_ONE:
      into.deferred.push(reader.uint32());
      return;
    default:
      if (tag >>> 3 <= 9) throw malformed(`field ${tag >>> 3} of a publish reply has wire type ${tag & 7}`);
      reader.skip(tag);
  }
}

function readPacked(reader: WireReader, into: number[]): void {
  const end = reader.block();
  while (reader.at < end) into.push(reader.uint64());
  if (reader.at !== end) throw malformed("a list is cut off");
}

function readBlock(reader: WireReader): Buffer {
  const end = reader.block();
  const block = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return block;
}
