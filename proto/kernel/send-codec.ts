import { LogwheelError } from "./errors.js";
import { BATCH_MESSAGES_MAX } from "./limits.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "./message-codec.js";
import {
  checkUint64,
  malformed,
  textSize,
  varintSize,
  WireReader,
  writeFixed64,
  writeText,
  writeVarint,
} from "./wire.js";

/** Field tags of `logwheel.v1.SendRequest` and, alike, `SendBatchRequest`. */
const SEND = {
  TOPIC: 0x0a,
  QUEUE_ID: 0x10,
  PRODUCER_ID: 0x19,
  SEQUENCE: 0x20,
  MESSAGE: 0x2a,
  HALF: 0x30,
  TRANSACTION: 0x3a,
} as const;

const QUEUE_ID_MAX = 2 ** 32 - 1;

/** All fields but topic, transaction and messages, at most. */
const NUMBERS_BYTES_MAX = 32;

/** What a caller says of the messages that it sends with one call. */
export interface SendHead {
  readonly topic: string;
  /** Undefined: by the ordering key, else in turn. */
  readonly queueId?: number | undefined;
  /** 0, or absent: no de-duplication. */
  readonly producerId?: number | undefined;
  /** Of the first message; the others follow it. */
  readonly sequence?: number | undefined;
  /** Delivered when its transaction is committed. */
  readonly half?: boolean | undefined;
  /** Id of the transaction that a half joins. */
  readonly transactionId?: string | undefined;
}

/** A unary send as the broker reads it: its messages stay the bytes they came as. */
export interface SentMessages {
  readonly topic: string;
  /** Undefined: by the ordering key, else in turn. */
  readonly queueId: number | undefined;
  /** 0: no de-duplication. */
  readonly producerId: number;
  /** Of the first message; the others follow it. */
  readonly sequence: number;
  /** Delivered when its transaction is committed. */
  readonly half: boolean;
  /** Id of the transaction that a half joins; empty for none. */
  readonly transactionId: string;
  readonly bytes: Buffer;
  /** Start and end of each message in `bytes`. */
  readonly places: readonly (readonly [start: number, end: number])[];
}

/** The bytes of a `SendRequest`, or of a `SendBatchRequest`. BAD_REQUEST for numbers that they cannot carry. */
export function encodeSend(head: SendHead, messages: readonly MessageInput[]): Buffer {
  const { topic, queueId, producerId = 0, sequence = 0, half, transactionId = "" } = head;
  if (queueId !== undefined && !(Number.isInteger(queueId) && queueId >= 0 && queueId <= QUEUE_ID_MAX))
    throw new LogwheelError("BAD_REQUEST", `the queue id must be a whole number below 2^32, not ${queueId}`);
  checkUint64("the producer id", producerId);
  checkUint64("the sequence", sequence);
  const sizes = messages.map(encodedMessageSize);
  const topicSize = textSize(topic);
  const transactionSize = textSize(transactionId);
  let room = NUMBERS_BYTES_MAX + topicSize + transactionSize;
  for (const size of sizes) room += 1 + varintSize(size) + size;
  const bytes = Buffer.allocUnsafe(room);
  let at = writeTextField(bytes, 0, SEND.TOPIC, topic, topicSize);
  if (queueId !== undefined) at = writeNumber(bytes, at, SEND.QUEUE_ID, queueId);
  if (producerId !== 0) {
    bytes[at] = SEND.PRODUCER_ID;
    at = writeFixed64(bytes, at + 1, producerId);
  }
  if (sequence !== 0) at = writeNumber(bytes, at, SEND.SEQUENCE, sequence);
  if (half) at = writeNumber(bytes, at, SEND.HALF, 1);
  if (transactionSize > 0) at = writeTextField(bytes, at, SEND.TRANSACTION, transactionId, transactionSize);
  messages.forEach((message, index) => {
    at = writeMessage(message, bytes, writeNumber(bytes, at, SEND.MESSAGE, sizes[index]!));
  });
  return bytes.subarray(0, at);
}

function writeNumber(bytes: Buffer, at: number, tag: number, value: number): number {
  bytes[at] = tag;
  return writeVarint(bytes, at + 1, value);
}

function writeTextField(bytes: Buffer, at: number, tag: number, text: string, size: number): number {
  return writeText(bytes, writeNumber(bytes, at, tag, size), text, size);
}

/** Reads a `SendRequest` or `SendBatchRequest`. BAD_REQUEST for bytes that are none, or without a message. */
export function decodeSend(bytes: Buffer): SentMessages {
  const reader = new WireReader().reset(bytes, 0, bytes.length);
  const sent = {
    topic: "",
    queueId: undefined as number | undefined,
    producerId: 0,
    sequence: 0,
    half: false,
    transactionId: "",
    bytes,
  };
  const places: [number, number][] = [];
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case SEND.TOPIC:
        sent.topic = reader.text();
        break;
      case SEND.QUEUE_ID:
        sent.queueId = reader.uint32();
        break;
      case SEND.PRODUCER_ID:
        sent.producerId = reader.fixed64();
        break;
      case SEND.SEQUENCE:
        sent.sequence = reader.uint64();
        break;
      case SEND.HALF:
        sent.half = reader.uint32() !== 0;
        break;
      case SEND.TRANSACTION:
        sent.transactionId = reader.text();
        break;
      case SEND.MESSAGE: {
        const end = reader.block();
        if (places.push([reader.at, end]) > BATCH_MESSAGES_MAX) throw tooMany();
        reader.at = end;
        break;
      }
      default:
        if (tag >>> 3 <= 7) throw malformed(`field ${tag >>> 3} of a send has wire type ${tag & 7}`);
        reader.skip(tag);
    }
  }
  if (places.length === 0) throw new LogwheelError("BAD_REQUEST", "the request has no message");
  return { ...sent, places };
}

function tooMany(): LogwheelError {
  return new LogwheelError(
    "BAD_REQUEST",
    `a batch has more than ${BATCH_MESSAGES_MAX} messages: split it, or use the Publish stream`,
  );
}
