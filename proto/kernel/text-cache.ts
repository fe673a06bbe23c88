const SLOTS = 1024;
const LENGTH_MAX = 40;

/**
 * Remembers short ASCII texts by their bytes, because making a string of them anew costs more than comparing: for what
 * comes again and again, such as tags, hosts and names of properties. At most 1,024 texts of 40 characters.
 */
export class TextCache {
  readonly #slots: string[] = new Array<string>(SLOTS).fill("");

  /** The text of `bytes[start..end)` in UTF-8. */
  read(bytes: Buffer, start: number, end: number): string {
    const length = end - start;
    if (length > LENGTH_MAX) return bytes.toString("utf8", start, end);
    let hash = length;
    for (let at = start; at < end; at++) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SLOTS - 1);
    const known = this.#slots[slot]!;
    if (known.length === length && equal(known, bytes, start)) return known;
    const text = bytes.toString("utf8", start, end);
    if (text.length === length) this.#slots[slot] = text;
    return text;
  }
}

/** A text of as many characters as bytes is ASCII, and so is one that equals its bytes. */
function equal(text: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) !== bytes[start + i]) return false;
  return true;
}
