import type { Acked__Output } from "../gen/logwheel/v1/Acked.js";
import type { Assignment__Output } from "../gen/logwheel/v1/Assignment.js";
import type { ConsumeReply, ConsumeReply__Output } from "../gen/logwheel/v1/ConsumeReply.js";
import type { LeaseLost__Output } from "../gen/logwheel/v1/LeaseLost.js";
import type { PauseChange__Output } from "../gen/logwheel/v1/PauseChange.js";
import type { Welcome__Output } from "../gen/logwheel/v1/Welcome.js";
import { encodeAcked, readAcked } from "./ack-codec.js";
import {
  numberFieldSize,
  textFieldSize,
  writeBlockHead,
  writeNumberField,
  writeTextField,
} from "./field-writer.js";
import { protoCodec } from "./proto-codec.js";
import { type LastError, readRecord, type StoredRecord } from "./record.js";
import {
  checkUint64,
  malformed,
  textSize,
  varintSize,
  WireReader,
  WireWriter,
  writeText,
  writeVarint,
} from "./wire.js";

/** Field tag of `batch` in `logwheel.v1.ConsumeReply`. */
const REPLY_BATCH = 0x12;

/** Field tags of `logwheel.v1.Batch`. */
const BATCH = {
  TOPIC: 0x0a,
  QUEUE_ID: 0x10,
  GENERATION: 0x18,
  NEXT_OFFSET: 0x20,
  ATTEMPT: 0x2a,
  RECORD: 0x32,
  FAILURES: 0x38,
} as const;

/** Field tags of `logwheel.v1.Attempt`. */
const ATTEMPT = { INDEX: 0x08, ATTEMPT: 0x10, LAST_ERROR: 0x1a } as const;

/** Field tags of `logwheel.v1.LastError`. */
const LAST_ERROR = { NAME: 0x0a, MESSAGE: 0x12 } as const;

/** Field tags of `logwheel.v1.PullReply`. */
const PULL = { NEXT_OFFSET: 0x08, FIRST_OFFSET: 0x10, END_OFFSET: 0x18, RECORD: 0x22 } as const;

/** Room before the batch for the reply's tag and the batch's length. */
const BATCH_HEAD_BYTES = 6;

/**
 * Server side: copies stored records into an encoded `ConsumeReply` with a batch, in a buffer that is used again.
 *
 * The result of `finish` is a view that holds until the next `begin`; a server's `Stream.write` takes it within the call.
 */
export class BatchBuilder {
  readonly #out: WireWriter;
  readonly #attempts: [index: number, attempt: number, error: LastError | undefined][] = [];
  #count = 0;

  constructor(bytesInitial = 64 << 10) {
    this.#out = new WireWriter(bytesInitial);
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes so far. */
  get byteLength(): number {
    return this.#out.at;
  }

  /** `failures`: how many of the member's were known when the records were taken. */
  begin(topic: string, queueId: number, generation: number, failures = 0): void {
    checkUint64("the generation", generation);
    const size = textSize(topic);
    this.#count = this.#attempts.length = 0;
    this.#out.at = BATCH_HEAD_BYTES;
    this.#out.reserve(size + 32);
    const { bytes } = this.#out;
    bytes[this.#out.at] = BATCH.TOPIC;
    this.#out.at = writeText(bytes, writeVarint(bytes, this.#out.at + 1, size), topic, size);
    writeNumberField(this.#out, BATCH.QUEUE_ID, queueId);
    writeNumberField(this.#out, BATCH.GENERATION, generation);
    writeNumberField(this.#out, BATCH.FAILURES, failures);
  }

  /** Adds the record in `bytes[start..end)`, delivered for the `attempt`-th time, and why the one before failed. */
  add(bytes: Buffer, start: number, end: number, attempt: number, error?: LastError): void {
    if (attempt > 1) this.#attempts.push([this.#count, attempt, error]);
    writeRecord(this.#out, BATCH.RECORD, bytes, start, end);
    this.#count++;
  }

  finish(nextOffset: number): Buffer {
    writeNumberField(this.#out, BATCH.NEXT_OFFSET, nextOffset);
    for (const [index, attempt, error] of this.#attempts) writeAttempt(this.#out, index, attempt, error);
    const { bytes, at } = this.#out;
    const length = at - BATCH_HEAD_BYTES;
    const start = BATCH_HEAD_BYTES - 1 - varintSize(length);
    bytes[start] = REPLY_BATCH;
    writeVarint(bytes, start + 1, length);
    return bytes.subarray(start, at);
  }
}

/** Server side: copies stored records into an encoded `PullReply`. One for each reply. */
export class PullBuilder {
  readonly #out: WireWriter;
  #count = 0;

  constructor(bytesInitial = 4 << 10) {
    this.#out = new WireWriter(bytesInitial);
  }

  /** Records so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes so far. */
  get byteLength(): number {
    return this.#out.at;
  }

  /** Adds the record in `bytes[start..end)`. */
  add(bytes: Buffer, start: number, end: number): void {
    writeRecord(this.#out, PULL.RECORD, bytes, start, end);
    this.#count++;
  }

  finish(offsets: {
    readonly nextOffset: number;
    readonly firstOffset: number;
    readonly endOffset: number;
  }): Buffer {
    writeNumberField(this.#out, PULL.NEXT_OFFSET, offsets.nextOffset);
    writeNumberField(this.#out, PULL.FIRST_OFFSET, offsets.firstOffset);
    writeNumberField(this.#out, PULL.END_OFFSET, offsets.endOffset);
    return this.#out.bytes.subarray(0, this.#out.at);
  }
}

function writeAttempt(out: WireWriter, index: number, attempt: number, error: LastError | undefined): void {
  const errorSize = error === undefined ? 0 : textFieldSize(error.name) + textFieldSize(error.message);
  const block = error === undefined ? 0 : 1 + varintSize(errorSize) + errorSize;
  writeBlockHead(out, BATCH.ATTEMPT, numberFieldSize(index) + numberFieldSize(attempt) + block);
  writeNumberField(out, ATTEMPT.INDEX, index);
  writeNumberField(out, ATTEMPT.ATTEMPT, attempt);
  if (error === undefined) return;
  writeBlockHead(out, ATTEMPT.LAST_ERROR, errorSize);
  writeTextField(out, LAST_ERROR.NAME, error.name);
  writeTextField(out, LAST_ERROR.MESSAGE, error.message);
}

function writeRecord(out: WireWriter, tag: number, bytes: Buffer, start: number, end: number): void {
  const size = end - start;
  out.reserve(size + 6);
  out.bytes[out.at] = tag;
  const at = writeVarint(out.bytes, out.at + 1, size);
  // A view of one's own and `set`: half of what `copy` of a Buffer costs.
  out.bytes.set(new Uint8Array(bytes.buffer, bytes.byteOffset + start, size), at);
  out.at = at + size;
}

/** What is known of earlier deliveries. */
interface Attempted {
  readonly attempt?: number;
  readonly lastError?: LastError | undefined;
}

const FIRST: Attempted = {};

/** Records of one queue as they arrived: views of one frame, made when asked. */
export class RecordList implements Iterable<StoredRecord> {
  readonly #bytes: Buffer;
  /** Start and end of each record, in turn. */
  readonly #places: readonly number[];
  /** By index, of those that were delivered before. */
  readonly #attempts: ReadonlyMap<number, Attempted> | undefined;

  constructor(bytes: Buffer, places: readonly number[], attempts?: ReadonlyMap<number, Attempted>) {
    this.#bytes = bytes;
    this.#places = places;
    this.#attempts = attempts;
  }

  get length(): number {
    return this.#places.length / 2;
  }

  /** Bytes that stay alive with any of them: their frame, and what else the network brought in one piece with it. */
  get frameBytes(): number {
    return this.#bytes.buffer.byteLength;
  }

  /** The record at a place from 0 to `length` - 1. BAD_REQUEST if it is not laid out as expected. */
  at(index: number): StoredRecord {
    const { attempt = 1, lastError } = this.#attempts?.get(index) ?? FIRST;
    return readRecord(
      this.#bytes,
      this.#places[2 * index]!,
      this.#places[2 * index + 1]!,
      attempt,
      lastError,
    );
  }

  *[Symbol.iterator](): Iterator<StoredRecord> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** A `Batch` as it arrived. */
export interface RecordBatch {
  readonly topic: string;
  readonly queueId: number;
  readonly generation: number;
  /** Past the last record and what the filter left out. */
  readonly nextOffset: number;
  /** How many failures of this stream the broker knew of when it took the records. */
  readonly failures: number;
  readonly records: RecordList;
}

/** A `PullReply` as it arrived. */
export interface PulledRecords {
  readonly nextOffset: number;
  readonly firstOffset: number;
  readonly endOffset: number;
  readonly records: RecordList;
}

/** A `ConsumeReply` as it arrived; `reply` says which. "unknown" comes from a newer broker and may be passed over. */
export type ConsumeEvent =
  | { readonly reply: "batch"; readonly batch: RecordBatch }
  | { readonly reply: "welcome"; readonly welcome: Welcome__Output }
  | { readonly reply: "assignment"; readonly assignment: Assignment__Output }
  | { readonly reply: "acked"; readonly acked: Acked__Output }
  | { readonly reply: "leaseLost"; readonly leaseLost: LeaseLost__Output }
  | { readonly reply: "pause"; readonly pause: PauseChange__Output }
  | { readonly reply: "pong" }
  | { readonly reply: "draining" }
  | { readonly reply: "unknown" };

const consumeReplyCodec = protoCodec<ConsumeReply, ConsumeReply__Output>("logwheel.v1.ConsumeReply");

/** Encodes every reply but a batch, for which there is `BatchBuilder`. */
export function encodeConsumeReply(reply: Omit<ConsumeReply, "batch">): Buffer {
  const { acked } = reply;
  if (acked && !acked.failures?.length) return encodeAcked(Number(acked.serial ?? 0));
  return consumeReplyCodec.encode(reply);
}

/** What a broker wrote into a `Consume` stream; BAD_REQUEST for bytes that make no sense. */
export function decodeConsumeReply(bytes: Buffer): ConsumeEvent {
  if (bytes[0] === REPLY_BATCH) {
    const reader = new WireReader().reset(bytes, 1, bytes.length);
    const end = reader.block();
    if (end === bytes.length)
      return { reply: "batch", batch: decodeBatch(reader.reset(bytes, reader.at, end)) };
  }
  const serial = readAcked(bytes);
  if (serial !== undefined) return { reply: "acked", acked: { serial, failures: [] } };
  const reply = consumeReplyCodec.decode(bytes);
  if (reply.batch) throw malformed("a batch is mixed with another reply");
  if (reply.reply === undefined) return { reply: "unknown" };
  return reply as ConsumeEvent;
}

function decodeBatch(reader: WireReader): RecordBatch {
  const batch = { topic: "", queueId: 0, generation: 0, nextOffset: 0, failures: 0 };
  const places: number[] = [];
  let attempts: Map<number, Attempted> | undefined;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case BATCH.RECORD:
        readPlace(reader, places);
        break;
      case BATCH.TOPIC:
        batch.topic = reader.text();
        break;
      case BATCH.QUEUE_ID:
        batch.queueId = reader.uint32();
        break;
      case BATCH.GENERATION:
        batch.generation = reader.uint64();
        break;
      case BATCH.NEXT_OFFSET:
        batch.nextOffset = reader.uint64();
        break;
      case BATCH.FAILURES:
        batch.failures = reader.uint64();
        break;
      case BATCH.ATTEMPT:
        attempts ??= new Map();
        readAttempt(reader, attempts);
        break;
      default:
        if (tag >>> 3 <= 7) throw malformed(`field ${tag >>> 3} of a batch has wire type ${tag & 7}`);
        reader.skip(tag);
    }
  }
  return { ...batch, records: new RecordList(reader.bytes, places, attempts) };
}

function readPlace(reader: WireReader, into: number[]): void {
  const end = reader.block();
  into.push(reader.at, end);
  reader.at = end;
}

function readAttempt(reader: WireReader, into: Map<number, Attempted>): void {
  const outer = reader.end;
  reader.end = reader.block();
  let index = 0;
  let attempt = 0;
  let lastError: LastError | undefined;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === ATTEMPT.INDEX) index = reader.uint32();
    else if (tag === ATTEMPT.ATTEMPT) attempt = reader.uint32();
    else if (tag === ATTEMPT.LAST_ERROR) lastError = readLastError(reader);
    else reader.skip(tag);
  }
  reader.end = outer;
  into.set(index, { attempt, lastError });
}

function readLastError(reader: WireReader): LastError {
  const outer = reader.end;
  reader.end = reader.block();
  const error = { name: "", message: "" };
  while (reader.at < reader.end) {
    const tag = reader.tag();
    if (tag === LAST_ERROR.NAME) error.name = reader.text();
    else if (tag === LAST_ERROR.MESSAGE) error.message = reader.text();
    else reader.skip(tag);
  }
  reader.end = outer;
  return error;
}

/** What a broker answered to `Pull`; BAD_REQUEST for bytes that make no sense. */
export function decodePullReply(bytes: Buffer): PulledRecords {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const offsets = { nextOffset: 0, firstOffset: 0, endOffset: 0 };
  const places: number[] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case PULL.RECORD:
        readPlace(reader, places);
        break;
      case PULL.NEXT_OFFSET:
        offsets.nextOffset = reader.uint64();
        break;
      case PULL.FIRST_OFFSET:
        offsets.firstOffset = reader.uint64();
        break;
      case PULL.END_OFFSET:
        offsets.endOffset = reader.uint64();
        break;
      default:
        if (tag >>> 3 <= 4) throw malformed(`field ${tag >>> 3} of a pull reply has wire type ${tag & 7}`);
        reader.skip(tag);
    }
  }
  return { ...offsets, records: new RecordList(bytes, places) };
}
