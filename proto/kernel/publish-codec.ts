import { LogwheelError } from "./errors.js";
import { FRAME_ENTRIES_MAX } from "./limits.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "./message-codec.js";
import {
  checkUint64,
  malformed,
  textSize,
  varintSize,
  WireReader,
  WireWriter,
  writeFixed32,
  writeFixed64,
  writeText,
  writeVarint,
} from "./wire.js";

/** Field tags of `logwheel.v1.PublishRequest`. */
const REQUEST = { FRAME: 0x08, PRODUCER_ID: 0x11, SETTLED_BELOW: 0x18, TOPIC: 0x22, ENTRY: 0x2a } as const;

/** Field tags of `logwheel.v1.Entry`. */
const ENTRY = {
  TOPIC: 0x08,
  QUEUE: 0x10,
  SEQUENCE: 0x18,
  AFTER: 0x20,
  MORE: 0x28,
  MESSAGE: 0x32,
  HALF: 0x38,
  TRANSACTION: 0x40,
  TRANSACTION_EPOCH: 0x4d,
  DECISION: 0x50,
} as const;
const ENTRY_FIELD_MAX = 10;

/** `Decision` of broker.proto. */
export const DECISION = { none: 0, commit: 1, rollback: 2 } as const;

const ENTRY_HEAD_BYTES_MAX = 64;
const FRAME_HEAD_BYTES_MAX = 64;

/** The most topics that one frame may name. */
export const FRAME_TOPICS_MAX = 16_384;

/** One message for a frame. Senders' own objects fit, so that nothing is made for the call. */
export interface PublishEntry {
  /** Place in the frame's topics, see `PublishFrame.topic`. */
  readonly topicIndex: number;
  /** Undefined: by the ordering key, else in turn. */
  readonly queueId: number | undefined;
  /** Of this producer on the broker, from 1; 0 without de-duplication. */
  readonly sequence: number;
  /** Ordered sends: sequence of this producer's previous message in the queue; 0 for none. */
  readonly after: number;
  /** Stored together with the next entry or not at all. */
  readonly more: boolean;
  /** Delivered when its transaction is committed. */
  readonly half?: boolean;
  /** The transaction that a half joins, or that a decision is about; null for none. */
  readonly transaction?: TransactionPlace | null;
  /** Of `DECISION`: it stands instead of a message. */
  readonly decision?: number;
  readonly message: MessageInput;
}

/** Where the half stands that began a transaction. */
export interface TransactionPlace {
  readonly epoch: number;
  readonly logOffset: number;
}

/**
 * Client side: builds an encoded `PublishRequest` in a buffer of its own, which is used again.
 *
 * The result of `finish` is a view of that buffer: `begin` again only after the frame's reply or the stream's end.
 */
export class PublishFrame {
  readonly #out: WireWriter;
  readonly #topics = new Map<string, number>();
  #count = 0;

  constructor(bytesInitial = 64 << 10) {
    this.#out = new WireWriter(bytesInitial);
  }

  /** Entries so far. */
  get count(): number {
    return this.#count;
  }

  /** Bytes so far. */
  get byteLength(): number {
    return this.#out.at;
  }

  /** Forgets everything added. */
  begin(): void {
    this.#out.at = 0;
    this.#topics.clear();
    this.#count = 0;
  }

  /** The topic's place in this frame; names it when it is new. */
  topic(name: string): number {
    const known = this.#topics.get(name);
    if (known !== undefined) return known;
    const size = textSize(name);
    this.#out.reserve(size + 6);
    const { bytes } = this.#out;
    bytes[this.#out.at] = REQUEST.TOPIC;
    this.#out.at = writeText(bytes, writeVarint(bytes, this.#out.at + 1, size), name, size);
    const index = this.#topics.size;
    this.#topics.set(name, index);
    return index;
  }

  /** Adds a message, encoding it in place. */
  add(entry: PublishEntry): void {
    if (entry.decision) return this.#decide(entry);
    const messageBytes = encodedMessageSize(entry.message);
    const head = entryHeadSize(entry) + 1 + varintSize(messageBytes);
    this.#out.reserve(messageBytes + ENTRY_HEAD_BYTES_MAX);
    const { bytes } = this.#out;
    let at = this.#out.at;
    bytes[at++] = REQUEST.ENTRY;
    at = writeEntryHead(bytes, writeVarint(bytes, at, head + messageBytes), entry);
    bytes[at++] = ENTRY.MESSAGE;
    this.#out.at = writeMessage(entry.message, bytes, writeVarint(bytes, at, messageBytes));
    this.#count++;
  }

  #decide(entry: PublishEntry): void {
    this.#out.reserve(ENTRY_HEAD_BYTES_MAX);
    const { bytes } = this.#out;
    bytes[this.#out.at] = REQUEST.ENTRY;
    const at = writeVarint(bytes, this.#out.at + 1, entryHeadSize(entry));
    this.#out.at = writeEntryHead(bytes, at, entry);
    this.#count++;
  }

  /** The encoded request. */
  finish(head: {
    readonly frame: number;
    readonly producerId: number;
    readonly settledBelow: number;
  }): Buffer {
    checkUint64("the frame number", head.frame);
    checkUint64("the producer id", head.producerId);
    checkUint64("the settled sequence", head.settledBelow);
    this.#out.reserve(FRAME_HEAD_BYTES_MAX);
    const { bytes } = this.#out;
    let at = writeNumber(bytes, this.#out.at, REQUEST.FRAME, head.frame);
    if (head.producerId !== 0) {
      bytes[at] = REQUEST.PRODUCER_ID;
      at = writeFixed64(bytes, at + 1, head.producerId);
    }
    this.#out.at = writeNumber(bytes, at, REQUEST.SETTLED_BELOW, head.settledBelow);
    return bytes.subarray(0, this.#out.at);
  }
}

function numberSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

function writeNumber(bytes: Buffer, at: number, tag: number, value: number): number {
  if (value === 0) return at;
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

function entryHeadSize(entry: PublishEntry): number {
  return (
    numberSize(entry.topicIndex) +
    (entry.queueId === undefined ? 0 : numberSize(entry.queueId + 1)) +
    numberSize(entry.sequence) +
    numberSize(entry.after) +
    (entry.more ? 2 : 0) +
    (entry.half ? 2 : 0) +
    (entry.transaction ? numberSize(entry.transaction.logOffset) + 5 : 0) +
    numberSize(entry.decision ?? 0)
  );
}

function writeEntryHead(bytes: Buffer, start: number, entry: PublishEntry): number {
  let at = writeNumber(bytes, start, ENTRY.TOPIC, entry.topicIndex);
  if (entry.queueId !== undefined) at = writeNumber(bytes, at, ENTRY.QUEUE, entry.queueId + 1);
  at = writeNumber(bytes, at, ENTRY.SEQUENCE, entry.sequence);
  at = writeNumber(bytes, at, ENTRY.AFTER, entry.after);
  if (entry.more) at = writeNumber(bytes, at, ENTRY.MORE, 1);
  if (entry.half) at = writeNumber(bytes, at, ENTRY.HALF, 1);
  return entry.transaction ? writeEnding(bytes, at, entry.transaction, entry.decision ?? 0) : at;
}

function writeEnding(
  bytes: Buffer,
  start: number,
  { epoch, logOffset }: TransactionPlace,
  decision: number,
): number {
  const at = writeNumber(bytes, start, ENTRY.TRANSACTION, logOffset);
  bytes[at] = ENTRY.TRANSACTION_EPOCH;
  return writeNumber(bytes, writeFixed32(bytes, at + 1, epoch), ENTRY.DECISION, decision);
}

/**
 * Server side: goes over the entries of an encoded `PublishRequest` without an object per message.
 *
 * Fields may come in any order; fields of newer versions are passed over; anything else throws BAD_REQUEST.
 */
export class EntryReader {
  readonly #outer = new WireReader();
  readonly #inner = new WireReader();

  /** Of the whole frame, set by `reset`. */
  frame = 0;
  producerId = 0;
  settledBelow = 0;
  readonly topics: string[] = [];
  /** Entries in the frame. */
  count = 0;

  /** Of the entry that `next` stands at. `index` counts from 0. */
  index = -1;
  /** Place in `topics`. */
  topic = 0;
  /** Queue id + 1; 0: the broker chooses. */
  queue = 0;
  sequence = 0;
  after = 0;
  more = false;
  half = false;
  /** Log offset and epoch of the half that began the transaction; 0 for none. */
  transaction = 0;
  transactionEpoch = 0;
  /** Of `DECISION`. */
  decision = 0;
  /** Both -1 in a decision. */
  messageStart = 0;
  messageEnd = 0;

  get bytes(): Buffer {
    return this.#outer.bytes;
  }

  /** Reads what belongs to the whole frame and stands before the first entry. */
  reset(bytes: Buffer): void {
    this.frame = this.producerId = this.settledBelow = this.count = 0;
    this.topics.length = 0;
    this.index = -1;
    const outer = this.#outer.reset(bytes, 0, bytes.length);
    while (outer.at < outer.end) this.#readHead(outer, outer.tag());
    outer.at = 0;
  }

  #readHead(outer: WireReader, tag: number): void {
    switch (tag) {
      case REQUEST.ENTRY:
        outer.at = outer.block();
        if (++this.count > FRAME_ENTRIES_MAX)
          throw new LogwheelError("BAD_REQUEST", `a frame has more than ${FRAME_ENTRIES_MAX} messages`);
        return;
      case REQUEST.FRAME:
        this.frame = outer.uint64();
        return;
      case REQUEST.PRODUCER_ID:
        this.producerId = outer.fixed64();
        return;
      case REQUEST.SETTLED_BELOW:
        this.settledBelow = outer.uint64();
        return;
      case REQUEST.TOPIC:
        this.topics.push(outer.text());
        if (this.topics.length > FRAME_TOPICS_MAX)
          throw new LogwheelError("BAD_REQUEST", `a frame names more than ${FRAME_TOPICS_MAX} topics`);
        return;
      default:
        if (tag >>> 3 <= 5) throw malformed(`field ${tag >>> 3} of a frame has wire type ${tag & 7}`);
        outer.skip(tag);
    }
  }

  /**
   * Moves to the next entry; false after the last. A malformed entry throws BAD_REQUEST, and the following call goes on
   * behind it.
   */
  next(): boolean {
    const outer = this.#outer;
    while (outer.at < outer.end) {
      const tag = outer.tag();
      if (tag !== REQUEST.ENTRY) {
        outer.skip(tag);
        continue;
      }
      const end = outer.block();
      const start = outer.at;
      outer.at = end;
      this.index++;
      this.#readEntry(this.#inner.reset(outer.bytes, start, end));
      return true;
    }
    return false;
  }

  #readEntry(inner: WireReader): void {
    this.topic = this.queue = this.sequence = this.after = 0;
    this.transaction = this.transactionEpoch = this.decision = 0;
    this.more = this.half = false;
    this.messageStart = this.messageEnd = -1;
    while (inner.at < inner.end) this.#readField(inner, inner.tag());
    if (this.messageStart < 0 === (this.decision === DECISION.none))
      throw new LogwheelError(
        "BAD_REQUEST",
        `entry ${this.index} of the frame is to have a message or a decision`,
      );
    if (this.topic >= this.topics.length)
      throw new LogwheelError(
        "BAD_REQUEST",
        `entry ${this.index} names topic ${this.topic} of ${this.topics.length}`,
      );
  }

  #readField(inner: WireReader, tag: number): void {
    switch (tag) {
      case ENTRY.MESSAGE:
        if (this.messageStart >= 0) throw malformed("an entry has two messages");
        this.messageEnd = inner.block();
        this.messageStart = inner.at;
        inner.at = this.messageEnd;
        return;
      case ENTRY.TOPIC:
        this.topic = inner.uint32();
        return;
      case ENTRY.QUEUE:
        this.queue = inner.uint32();
        return;
      case ENTRY.SEQUENCE:
        this.sequence = inner.uint64();
        return;
      case ENTRY.AFTER:
        this.after = inner.uint64();
        return;
      case ENTRY.MORE:
        this.more = inner.uint32() !== 0;
        return;
      default:
        this.#readTransactionField(inner, tag);
    }
  }

  #readTransactionField(inner: WireReader, tag: number): void {
    switch (tag) {
      case ENTRY.HALF:
        this.half = inner.uint32() !== 0;
        return;
      case ENTRY.TRANSACTION:
        this.transaction = inner.uint64();
        return;
      case ENTRY.TRANSACTION_EPOCH:
        this.transactionEpoch = inner.fixed32();
        return;
      case ENTRY.DECISION:
        this.decision = inner.uint32();
        return;
      default:
        if (tag >>> 3 <= ENTRY_FIELD_MAX)
          throw malformed(`field ${tag >>> 3} of an entry has wire type ${tag & 7}`);
        inner.skip(tag);
    }
  }
}
