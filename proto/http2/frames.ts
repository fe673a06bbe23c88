/** Frame types (RFC 9113 6). */
export const FRAME = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;

/** Flags of frames; what a bit means depends on the type. */
export const FLAG = { endStream: 0x1, ack: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const;

/** Why a stream or a connection is ended (RFC 9113 7). */
export const CODE = {
  noError: 0,
  protocol: 1,
  internal: 2,
  flowControl: 3,
  streamClosed: 5,
  frameSize: 6,
  refusedStream: 7,
  cancel: 8,
  compression: 9,
  enhanceYourCalm: 11,
} as const;

/** What stands before each frame: 24 bits of length, type, flags, 31 bits of stream. */
export const HEAD_BYTES = 9;

/** What a client's connection begins with. */
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");

/** The largest frame that everybody takes, and the largest that there is. */
export const FRAME_BYTES_DEFAULT = 16_384;
export const FRAME_BYTES_MOST = 2 ** 24 - 1;

/** Numbers of streams and sizes of windows have 31 bits. */
export const MOST_31 = 2 ** 31 - 1;

/** Writes the head of a frame; returns where its payload begins. */
export function writeHead(
  into: Buffer,
  at: number,
  length: number,
  type: number,
  flags: number,
  stream: number,
): number {
  into[at] = length >>> 16;
  into[at + 1] = length >>> 8;
  into[at + 2] = length;
  into[at + 3] = type;
  into[at + 4] = flags;
  return writeInt(into, at + 5, stream);
}

/** Writes 32 bits, big-endian; returns what is behind them. */
export function writeInt(into: Buffer, at: number, value: number): number {
  into[at] = value >>> 24;
  into[at + 1] = value >>> 16;
  into[at + 2] = value >>> 8;
  into[at + 3] = value;
  return at + 4;
}

/** Reads 31 bits, big-endian; the highest bit is reserved. */
export function read31(from: Buffer, at: number): number {
  return ((from[at]! & 0x7f) << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!;
}
