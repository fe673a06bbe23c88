import { LogwheelError } from "./errors.js";
import { NUMBER_BYTES_MAX, writeBlockHead, writeNumberField, writeTextField } from "./field-writer.js";
import { BATCH_MESSAGES_MAX } from "./limits.js";
import { encodedMessageSize, type MessageInput, writeMessage } from "./message-codec.js";
import { TextCache } from "./text-cache.js";
import { checkUint64, malformed, WireReader, WireWriter, writeFixed64, writeVarint } from "./wire.js";

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

const out = new WireWriter(4 << 10);

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
  out.at = 0;
  writeTextField(out, SEND.TOPIC, topic);
  if (queueId !== undefined) {
    out.reserve(NUMBER_BYTES_MAX);
    out.bytes[out.at] = SEND.QUEUE_ID;
    out.at = writeVarint(out.bytes, out.at + 1, queueId);
  }
  if (producerId !== 0) {
    out.reserve(NUMBER_BYTES_MAX);
    out.bytes[out.at] = SEND.PRODUCER_ID;
    out.at = writeFixed64(out.bytes, out.at + 1, producerId);
  }
  writeNumberField(out, SEND.SEQUENCE, sequence);
  writeNumberField(out, SEND.HALF, half ? 1 : 0);
  writeTextField(out, SEND.TRANSACTION, transactionId);
  for (const message of messages) {
    writeBlockHead(out, SEND.MESSAGE, encodedMessageSize(message));
    out.at = writeMessage(message, out.bytes, out.at);
  }
  return out.take();
}

/** What `decodeSend` fills; becomes the result. */
class Sent implements SentMessages {
  topic = "";
  queueId: number | undefined = undefined;
  producerId = 0;
  sequence = 0;
  half = false;
  transactionId = "";
  readonly bytes: Buffer;
  readonly places: [number, number][] = [];

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }
}

const reader = new WireReader();
const texts = new TextCache();

/** Reads a `SendRequest` or `SendBatchRequest`. BAD_REQUEST for bytes that are none, or without a message. */
export function decodeSend(bytes: Buffer): SentMessages {
  reader.reset(bytes, 0, bytes.length);
  const sent = new Sent(bytes);
  const { places } = sent;
  while (reader.at < reader.end) {
    const tag = reader.tag();
    switch (tag) {
      case SEND.TOPIC:
        sent.topic = reader.text(texts);
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
  return sent;
}

function tooMany(): LogwheelError {
  return new LogwheelError(
    "BAD_REQUEST",
    `a batch has more than ${BATCH_MESSAGES_MAX} messages: split it, or use the Publish stream`,
  );
}
