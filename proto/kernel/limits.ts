import { LogwheelError } from "./errors.js";

/** What a message may be at most; brokers refuse more and the SDK does not send it. Sizes are bytes of UTF-8. */
export const MESSAGE_LIMITS = {
  bodyBytesMax: 4 << 20,
  /** As much as RocketMQ lets tag, keys and properties have together. */
  tagBytesMax: 16 << 10,
  keysMax: 16,
  keyBytesMax: 127,
  orderingKeyBytesMax: 63,
  propertiesMax: 128,
  propertyBytesMax: 16 << 10,
  bornHostBytesMax: 255,
  /** Of a producer group. */
  groupBytesMax: 127,
  /** Ten years. */
  ttlMsMax: 10 * 365 * 86_400_000,
  /** The whole encoded message, fields of newer versions included. */
  messageBytesMax: (4 << 20) + (64 << 10),
} as const;

/** The longest wait for another delivery: a week. */
export const RETRY_DELAY_MS_MAX = 7 * 86_400_000;

/** The longest lease of a message, and the longest extension of one: 12 hours. */
export const LEASE_MS_MAX = 43_200_000;

/** The most messages of one `SendBatch`. */
export const BATCH_MESSAGES_MAX = 128;

/** The most messages of one frame of a `Publish` stream. */
export const FRAME_ENTRIES_MAX = 32_768;

/** The largest gRPC message that is read. */
export const RECEIVE_BYTES_MAX = 16 << 20;

/** The largest request that carries no messages. */
export const REQUEST_BYTES_MAX = 1 << 20;

/** The most topics, made and deleted, that a broker tells a name server at once. */
export const REGISTER_FIELDS_MAX = 131_072;

const NAME = /^[A-Za-z0-9_%|-]+$/;

/** Throws BAD_REQUEST unless `name` may name a topic: letters, digits, `_ % | -`, 1 to 127 of them. */
export function checkTopicName(name: string): void {
  checkName("topic name", name, 127);
}

/** Throws BAD_REQUEST unless `name` may name a consumer group: letters, digits, `_ % | -`, 1 to 120 of them. */
export function checkGroupName(name: string): void {
  checkName("group name", name, 120);
}

function checkName(what: string, name: unknown, lengthMax: number): void {
  if (typeof name !== "string")
    throw new LogwheelError("BAD_REQUEST", `the ${what} is missing: it is ${typeof name}, not a text`);
  if (name === "") throw new LogwheelError("BAD_REQUEST", `the ${what} is empty`);
  if (name.length > lengthMax)
    throw new LogwheelError(
      "BAD_REQUEST",
      `the ${what} has ${name.length} characters; ${lengthMax} are allowed`,
    );
  if (!NAME.test(name))
    throw new LogwheelError(
      "BAD_REQUEST",
      `the ${what} ${JSON.stringify(name)} may only have letters, digits and the characters _ % | -`,
    );
}

/** Bounds of when producers are asked about a transaction, for settings and for attributes of topics; times in milliseconds. */
export const CHECK_LIMITS = {
  transactionCheckAfterMs: { min: 10, max: 86_400_000 },
  transactionCheckEveryMs: { min: 10, max: 86_400_000 },
  transactionChecksMax: { min: 1, max: 255 },
} as const;

/**
 * How long the queues of a broker that left the routes still count when a queue is chosen by ordering key: a broker that
 * restarts must not send every key to another queue and back.
 */
export const KEYED_GRACE_MS = 60_000;
