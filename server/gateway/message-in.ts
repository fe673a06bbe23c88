import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Code } from "../../proto/gen/apache/rocketmq/v2/Code.js";
import { DigestType } from "../../proto/gen/apache/rocketmq/v2/DigestType.js";
import { Encoding } from "../../proto/gen/apache/rocketmq/v2/Encoding.js";
import { MessageType } from "../../proto/gen/apache/rocketmq/v2/MessageType.js";
import type { Status__Output as Status } from "../../proto/gen/apache/rocketmq/v2/Status.js";
import { Encoding as NativeEncoding } from "../../proto/gen/logwheel/v1/Encoding.js";
import type { MessageInput } from "../../proto/kernel/message-codec.js";
import type {
  BodyDigest,
  ProducedMessage,
  ProducedProperties,
} from "../../proto/kernel/rocketmq-send-codec.js";
import { RESERVED_PROPERTIES } from "./reserved-properties.js";
import { NO_LITE, refusal } from "./status.js";
import { durationMs, timestampMs } from "./time.js";

/** What RocketMQ allows a message; sizes in bytes. */
export const SEND_LIMITS = {
  bodyMax: 4 << 20,
  propertiesMax: 128,
  propertyBytesMax: 16 << 10,
  groupBytesMax: 63,
  recoveryMsMax: 3_600_000,
} as const;

/** Keys of a message by which it is found; further ones are kept, and cannot be looked up. */
const KEYS_INDEXED = 16;
const KEY_BYTES_INDEXED = 127;

/** Control characters, as Java counts them. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/** Why a message is not taken, by the limits of RocketMQ; undefined if it is. */
export function messageRefusal(
  message: ProducedMessage,
  limits: { readonly bodyMax: number },
): Status | undefined {
  const { systemProperties: system, body, userProperties } = message;
  if (system === null)
    return refusal(Code.ILLEGAL_MESSAGE_ID, "the message has no system properties, and no id in them");
  return (
    bodyRefusal(body, system, limits.bodyMax) ??
    propertiesRefusal(userProperties, system) ??
    tagRefusal(system.tag) ??
    keysRefusal(system.keys) ??
    idRefusal(system.messageId) ??
    typeRefusal(system)
  );
}

function bodyRefusal(
  body: Buffer | Uint8Array,
  { bodyDigest }: ProducedProperties,
  bodyMax: number,
): Status | undefined {
  if (body.length === 0) return refusal(Code.MESSAGE_BODY_EMPTY, "the body of the message is empty");
  if (body.length > bodyMax)
    return refusal(
      Code.MESSAGE_BODY_TOO_LARGE,
      `the body of the message has ${body.length} bytes; ${bodyMax} are allowed`,
    );
  if (bodyDigest !== null && bodyDigest.checksum !== "" && !digestFits(body, bodyDigest))
    return refusal(Code.MESSAGE_CORRUPTED, "the digest of the message is not that of its body");
  return undefined;
}

function digestFits(body: Uint8Array, { type, checksum }: BodyDigest): boolean {
  const asked = checksum.toUpperCase();
  switch (type) {
    case DigestType.CRC32: {
      const sum = crc32(body);
      return asked.replace(/^0+(?=.)/, "") === sum.toString(16).toUpperCase() || checksum === String(sum);
    }
    case DigestType.MD5:
      return asked === digestOf("md5", body);
    case DigestType.SHA1:
      return asked === digestOf("sha1", body);
    default:
      return true;
  }
}

/** Upper-case hex digest. */
export function digestOf(algorithm: "md5" | "sha1", body: Uint8Array): string {
  return createHash(algorithm).update(body).digest("hex").toUpperCase();
}

function propertiesRefusal(
  properties: Readonly<Record<string, string>>,
  { tag = "", keys }: ProducedProperties,
): Status | undefined {
  const entries = Object.entries(properties);
  if (entries.length > SEND_LIMITS.propertiesMax)
    return refusal(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `the message has ${entries.length} properties; ${SEND_LIMITS.propertiesMax} are allowed`,
    );
  const bytes = [...entries.flat(), tag, ...keys].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > SEND_LIMITS.propertyBytesMax)
    return refusal(
      Code.MESSAGE_PROPERTIES_TOO_LARGE,
      `properties, tag and keys of the message have ${bytes} bytes; ${SEND_LIMITS.propertyBytesMax} are allowed`,
    );
  for (const [key, value] of entries) {
    if (key === "" || CONTROL.test(key) || RESERVED_PROPERTIES.has(key))
      return refusal(
        Code.ILLEGAL_MESSAGE_PROPERTY_KEY,
        `${JSON.stringify(key)} cannot be the key of a property: it is empty, reserved, or has control characters`,
      );
    if (CONTROL.test(value))
      return refusal(
        Code.ILLEGAL_MESSAGE_PROPERTY_KEY,
        `the value of property ${key} has control characters`,
      );
  }
  return undefined;
}

/** An empty one is none; so are keys and groups. */
function tagRefusal(tag = ""): Status | undefined {
  if (tag === "") return undefined;
  if (tag.trim() !== "" && !tag.includes("|") && !CONTROL.test(tag)) return undefined;
  return refusal(Code.ILLEGAL_MESSAGE_TAG, "the tag is blank, or has | or control characters");
}

function keysRefusal(keys: readonly string[]): Status | undefined {
  if (keys.every((key) => key === "" || (key.trim() !== "" && !CONTROL.test(key)))) return undefined;
  return refusal(Code.ILLEGAL_MESSAGE_KEY, "a key is blank, or has control characters");
}

function idRefusal(id: string): Status | undefined {
  return id.trim() === "" ? refusal(Code.ILLEGAL_MESSAGE_ID, "the message has no id") : undefined;
}

function typeRefusal(system: ProducedProperties): Status | undefined {
  const { messageGroup = "", deliveryTimestamp, messageType, orphanedTransactionRecoveryDuration } = system;
  if (messageType === MessageType.LITE) return NO_LITE;
  const grouped = messageGroup !== "";
  if (grouped) {
    const bytes = Buffer.byteLength(messageGroup);
    if (messageGroup.trim() === "" || CONTROL.test(messageGroup) || bytes > SEND_LIMITS.groupBytesMax)
      return refusal(
        Code.ILLEGAL_MESSAGE_GROUP,
        `the message group is blank, has control characters, or has ${bytes} bytes; ${SEND_LIMITS.groupBytesMax} are allowed`,
      );
  }
  if (durationMs(orphanedTransactionRecoveryDuration) > SEND_LIMITS.recoveryMsMax)
    return refusal(Code.BAD_REQUEST, "an orphaned transaction is asked about after an hour at most");
  const due = deliveryTimestamp != null;
  const fits =
    messageType === MessageType.FIFO
      ? grouped
      : messageType === MessageType.DELAY
        ? due
        : messageType === MessageType.TRANSACTION || (!grouped && !due);
  if (fits) return undefined;
  return refusal(
    Code.MESSAGE_PROPERTY_CONFLICT_WITH_TYPE,
    "the message has a group or a time of delivery that does not fit its type",
  );
}

/** A message of RocketMQ as logwheel has it. It passed `messageRefusal`; `group` is the one whose members are asked about a half. */
export function nativeMessage(message: ProducedMessage, group: string): MessageInput {
  const system = message.systemProperties!;
  const indexed: string[] = [];
  const further: string[] = [];
  for (const key of system.keys.filter((each) => each !== ""))
    (indexed.length < KEYS_INDEXED && Buffer.byteLength(key) <= KEY_BYTES_INDEXED ? indexed : further).push(
      key,
    );
  const half = system.messageType === MessageType.TRANSACTION;
  return {
    body: message.body,
    tag: system.tag ?? "",
    keys: indexed,
    orderingKey: system.messageGroup ?? "",
    properties: message.userProperties,
    bornAtMs: timestampMs(system.bornTimestamp),
    bornHost: system.bornHost.slice(0, 85),
    encoding:
      system.bodyEncoding === Encoding.GZIP ? NativeEncoding.ENCODING_GZIP : NativeEncoding.ENCODING_NONE,
    // 0 would be none: whatever is over is delivered at once.
    deliverAtMs: system.deliveryTimestamp == null ? 0 : Math.max(1, timestampMs(system.deliveryTimestamp)),
    producerGroup: half ? group : "",
    rocketmq: {
      // A half is known by the id that it gets here, so that its transaction's id is its own.
      messageId: half ? "" : system.messageId,
      traceContext: system.traceContext ?? "",
      furtherKeys: further,
      ...(system.priority === undefined ? {} : { priority: system.priority }),
    },
  };
}
