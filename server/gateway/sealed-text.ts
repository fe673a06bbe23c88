import { crc32 } from "node:zlib";

const SEPARATOR = "\n";

/** A text as clients keep it and give it back, with a checksum: one changed by accident could name another message. */
export function sealText(text: string): string {
  return Buffer.from(text + SEPARATOR + crc32(text)).toString("base64url");
}

/** The text of `sealText`; undefined for what is none, or not as it was. */
export function openText(sealed: string): string | undefined {
  const inside = Buffer.from(sealed, "base64url").toString();
  const text = inside.slice(0, Math.max(0, inside.lastIndexOf(SEPARATOR)));
  return sealText(text) === sealed ? text : undefined;
}
