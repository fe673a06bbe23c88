import { deflateSync } from "node:zlib";
import { Encoding } from "../../proto/gen/logwheel/v1/Encoding.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { BATCH_MESSAGES_MAX, MESSAGE_LIMITS, RECEIVE_BYTES_MAX } from "../../proto/kernel/limits.js";
import { textSize } from "../../proto/kernel/wire.js";
import { PendingSend } from "./pending-send.js";
import type { OutMessage, ProducerOptions } from "./types.js";

/** Room for what stands in a frame beside the messages. */
const FRAME_MARGIN_BYTES = 1 << 20;
const COMPRESS_MIN_BYTES = 4_096;

/** Turns what callers give into what is sent, and refuses what brokers would refuse. */
export class Outgoing {
  readonly #nowMs: () => number;
  readonly #host: string;
  readonly #compressMinBytes: number;

  constructor(nowMs: () => number, host: string, compress: ProducerOptions["compress"]) {
    this.#nowMs = nowMs;
    this.#host = host.slice(0, MESSAGE_LIMITS.bornHostBytesMax);
    this.#compressMinBytes = compress ? (compress.minBytes ?? COMPRESS_MIN_BYTES) : Number.POSITIVE_INFINITY;
  }

  /** One message. Throws CODEC, BAD_REQUEST or MESSAGE_TOO_LARGE. */
  one<T>(message: OutMessage<T>): PendingSend {
    let body = encodeBody(message);
    const { length } = body;
    if (length === 0)
      throw new LogwheelError("BAD_REQUEST", `the message for topic ${message.topic.name} has no body`);
    if (length > MESSAGE_LIMITS.bodyBytesMax)
      throw new LogwheelError(
        "MESSAGE_TOO_LARGE",
        `the body has ${length} bytes; ${MESSAGE_LIMITS.bodyBytesMax} are allowed`,
        { topic: message.topic.name },
      );
    checkAttributes(message);
    let encoding: number = Encoding.ENCODING_NONE;
    if (length >= this.#compressMinBytes) {
      const smaller = deflateSync(body);
      if (smaller.length < length) {
        body = smaller;
        encoding = Encoding.ENCODING_ZLIB;
      }
    }
    return new PendingSend(message.topic.name, body, message, this.#nowMs(), this.#host, encoding);
  }

  /** A batch, carried by its first message. Throws also BAD_REQUEST for messages that cannot share a queue. */
  batch<T>(messages: readonly OutMessage<T>[]): PendingSend {
    if (messages.length === 0 || messages.length > BATCH_MESSAGES_MAX)
      throw new LogwheelError(
        "BAD_REQUEST",
        `a batch has 1 to ${BATCH_MESSAGES_MAX} messages, not ${messages.length}`,
      );
    const [first, ...rest] = messages.map((message) => this.one(message));
    for (const other of rest)
      for (const same of ["topic", "orderingKey", "wantedQueue", "wantedBroker"] as const)
        if (other[same] !== first![same])
          throw new LogwheelError(
            "BAD_REQUEST",
            "the messages of a batch go to one queue: topic, ordering key, queue and broker must not differ",
          );
    first!.rest = rest;
    if (first!.bytes > RECEIVE_BYTES_MAX - FRAME_MARGIN_BYTES)
      throw new LogwheelError(
        "MESSAGE_TOO_LARGE",
        `the batch has ${first!.bytes} bytes; ${RECEIVE_BYTES_MAX - FRAME_MARGIN_BYTES} are allowed`,
      );
    return first!;
  }
}

function encodeBody<T>({ topic, body }: OutMessage<T>): Uint8Array {
  try {
    const bytes = topic.codec.encode(body);
    if (bytes instanceof Uint8Array) return bytes;
    throw new LogwheelError("CODEC", `the codec of topic ${topic.name} gave ${typeof bytes}, not bytes`);
  } catch (thrown) {
    if (LogwheelError.is(thrown)) throw thrown;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw new LogwheelError("CODEC", `the body for topic ${topic.name} cannot be encoded: ${why}`, {
      topic: topic.name,
      cause: thrown,
    });
  }
}

function checkAttributes<T>(message: OutMessage<T>): void {
  const { tag, keys, orderingKey, properties, ttlMs, queueId } = message;
  if (ttlMs !== undefined) checkTtl(ttlMs);
  if (queueId !== undefined) checkQueue(queueId);
  if (tag !== undefined) {
    checkText("tag", tag, MESSAGE_LIMITS.tagBytesMax);
    if (tag.includes("||"))
      throw new LogwheelError("BAD_REQUEST", 'a tag must not have "||" in it: filters use that');
  }
  if (orderingKey !== undefined) checkText("ordering key", orderingKey, MESSAGE_LIMITS.orderingKeyBytesMax);
  if (keys !== undefined) checkKeys(keys);
  if (properties !== undefined) checkProperties(properties);
}

function checkTtl(ttlMs: number): void {
  if (Number.isSafeInteger(ttlMs) && ttlMs >= 1 && ttlMs <= MESSAGE_LIMITS.ttlMsMax) return;
  throw new LogwheelError(
    "BAD_REQUEST",
    `ttlMs is ${ttlMs}; it is a whole number from 1 to ${MESSAGE_LIMITS.ttlMsMax}`,
  );
}

/** The wire has the number above it in 32 bits. */
function checkQueue(queueId: number): void {
  if (Number.isInteger(queueId) && queueId >= 0 && queueId < 2 ** 32 - 1) return;
  throw new LogwheelError("BAD_REQUEST", `queueId is ${queueId}; queues are counted from 0`);
}

function checkKeys(keys: readonly string[]): void {
  if (!Array.isArray(keys)) throw new LogwheelError("BAD_REQUEST", "keys is no list of texts");
  if (keys.length > MESSAGE_LIMITS.keysMax)
    throw new LogwheelError("BAD_REQUEST", `${keys.length} keys; ${MESSAGE_LIMITS.keysMax} are allowed`);
  for (const key of keys) {
    if (key === "") throw new LogwheelError("BAD_REQUEST", "a key is empty");
    checkText("key", key, MESSAGE_LIMITS.keyBytesMax);
  }
}

function checkProperties(properties: Readonly<Record<string, string>>): void {
  let count = 0;
  let bytes = 0;
  for (const [name, value] of Object.entries(properties)) {
    checkText("property's name", name, MESSAGE_LIMITS.propertyBytesMax);
    checkText(`property ${name}`, value, MESSAGE_LIMITS.propertyBytesMax);
    count++;
    bytes += textSize(name) + textSize(value);
  }
  if (count > MESSAGE_LIMITS.propertiesMax)
    throw new LogwheelError(
      "BAD_REQUEST",
      `${count} properties; ${MESSAGE_LIMITS.propertiesMax} are allowed`,
    );
  if (bytes > MESSAGE_LIMITS.propertyBytesMax)
    throw new LogwheelError(
      "MESSAGE_TOO_LARGE",
      `all properties together have ${bytes} bytes; ${MESSAGE_LIMITS.propertyBytesMax} are allowed`,
    );
}

function checkText(what: string, text: string, bytesMax: number): void {
  if (typeof text !== "string")
    throw new LogwheelError("BAD_REQUEST", `the ${what} is not a text but ${typeof text}`);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || unit === 0x7f)
      throw new LogwheelError("BAD_REQUEST", `the ${what} has a control character (${unit})`);
  }
  if (text.length * 3 <= bytesMax) return;
  const bytes = textSize(text);
  if (bytes > bytesMax)
    throw new LogwheelError("MESSAGE_TOO_LARGE", `the ${what} has ${bytes} bytes; ${bytesMax} are allowed`);
}
