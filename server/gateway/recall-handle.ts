import { openText, sealText } from "./sealed-text.js";

const SEPARATOR = "\n";

/** The text by which a producer recalls a delayed message: its id here, and the one that the producer gave it. */
export function recallHandle(id: string, messageId: string): string {
  return sealText(id + SEPARATOR + messageId);
}

/** What a recall handle says; undefined if it is none, or not as it was. */
export function readRecallHandle(handle: string): { id: string; messageId: string } | undefined {
  const text = openText(handle);
  const at = text?.indexOf(SEPARATOR) ?? -1;
  return text === undefined || at < 0 ? undefined : { id: text.slice(0, at), messageId: text.slice(at + 1) };
}
