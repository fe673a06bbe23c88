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
  /** Where it is not. */
  readonly bodyBase64?: string;
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
    ...bodyJson(message.raw),
  };
}

function bodyJson(bytes: Uint8Array): { body: string } | { bodyBase64: string } {
  try {
    return { body: utf8.decode(bytes) };
  } catch {
    return { bodyBase64: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
  }
}
