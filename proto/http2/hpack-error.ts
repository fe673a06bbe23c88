/**
 * A header block that breaks RFC 7541. The tables of the two sides are no longer known to be alike, so that no later
 * block can be read either: a COMPRESSION_ERROR of the whole connection (RFC 9113 4.3).
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
}
