const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * FNV-1a of `bytes[start..end)` as an unsigned 32-bit number; 0 for no bytes and for nothing else.
 *
 * Stored in every record and computed by clients to choose a queue: it never changes.
 */
export function fnv1a(bytes: Uint8Array, start: number, end: number): number {
  if (start >= end) return 0;
  let hash = OFFSET_BASIS;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, PRIME);
  return hash >>> 0 || 1;
}

/** The same of a text's UTF-8 bytes. */
export function fnv1aOf(text: string): number {
  let hash = OFFSET_BASIS;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return fnv1aOfBytes(Buffer.from(text));
    hash = Math.imul(hash ^ unit, PRIME);
  }
  return text === "" ? 0 : hash >>> 0 || 1;
}

function fnv1aOfBytes(bytes: Uint8Array): number {
  return fnv1a(bytes, 0, bytes.length);
}
