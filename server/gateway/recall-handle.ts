import { crc32 } from "node:zlib";

const SEPARATOR = "\n";

/** The text by which a producer recalls a delayed message: its id here, and the one that the producer gave it. */
export function recallHandle(id: string, messageId: string): string {
  const text = `${id}${SEPARATOR}${messageId}`;
  return Buffer.from(`${text}${SEPARATOR}${crc32(text)}`).toString("base64url");
}

/** What a recall handle says; undefined if it is none, or not as it was: it could name another message. */
export function readRecallHandle(handle: string): { id: string; messageId: string } | undefined {
  const [id, ...rest] = Buffer.from(handle, "base64url").toString().split(SEPARATOR);
  const messageId = rest.slice(0, -1).join(SEPARATOR);
  if (id === undefined || recallHandle(id, messageId) !== handle) return undefined;
  return { id, messageId };
}
