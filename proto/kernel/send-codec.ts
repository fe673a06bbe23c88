import { LogwheelError } from "./errors.js";
import { BATCH_MESSAGES_MAX } from "./limits.js";
import { malformed, WireReader } from "./wire.js";

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
