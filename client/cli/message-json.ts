import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Message } from "../index.js";

/** A message as scripts see it; names and order of the fields are fixed. */
export interface MessageJson {
  readonly topic: string;
  readonly broker: string;
  readonly queueId: number;
  /** -1 for a message that was stored for later: it is in no queue as that. */
  readonly queueOffset: number;
  readonly messageId: string;
  readonly tag: string | null;
  readonly keys: readonly string[];
  readonly properties: Readonly<Record<string, string>>;
  readonly attempt: number;
  readonly bornAt: Date;
  readonly storedAt: Date;
  /** Where the body is valid UTF-8. */
  readonly body?: string;
  /** Where it is not; as it is stored where it cannot be decompressed. */
  readonly bodyBase64?: string;
  /** Why it cannot. */
  readonly bodyError?: string;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Turns a received message into what scripts see. */
export function messageJson(message: Message<Uint8Array>): MessageJson {
  const { topic, broker, queueId, queueOffset, id, tag, keys, properties, attempt, bornAt, storedAt } =
    message;
  return {
    topic,
    broker,
    queueId,
    queueOffset,
    messageId: id,
    tag: tag ?? null,
    keys,
    properties,
    attempt,
    bornAt,
    storedAt,
    ...bodyJson(message),
  };
}

/** The body for people: as text where it is one. */
export function bodyText(message: Message<Uint8Array>): string {
  const { body, bodyBase64, bodyError } = bodyJson(message);
  return body ?? `base64:${bodyBase64}${bodyError === undefined ? "" : ` (${bodyError})`}`;
}

function bodyJson(message: Message<Uint8Array>): Pick<MessageJson, "body" | "bodyBase64" | "bodyError"> {
  let bytes: Uint8Array;
  try {
    bytes = message.raw;
  } catch (thrown) {
    return { bodyBase64: base64(message.storedBody), bodyError: LogwheelError.from(thrown).message };
  }
  try {
    return { body: utf8.decode(bytes) };
  } catch {
    return { bodyBase64: base64(bytes) };
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
}
