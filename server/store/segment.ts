import { crc32 } from "node:zlib";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { File } from "../disk/files.js";
import { FileBlocks } from "./file-blocks.js";

/**
 * The first bytes of a segment file; records follow. Integers are little-endian.
 *
 *     0       4         6       8              16           24      28         64
 *     +-------+---------+-------+--------------+------------+-------+----------+
 *     | magic | version | flags | start offset | file bytes | crc32 | zeros    |
 *     +-------+---------+-------+--------------+------------+-------+----------+
 *
 * `start offset` is the log offset of the file's byte 0 and must agree with the file's name. `crc32` covers the bytes
 * before it, and stands here in every version, so that a newer version can be told from damage.
 */
export const SEGMENT_HEADER_BYTES = 64;
export const FORMAT_VERSION = 1;
const MAGIC = 0x474c574c; // "LWLG"

/** The header of a new segment. */
export function segmentHeader(start: number, bytes: number): Buffer {
  const header = Buffer.alloc(SEGMENT_HEADER_BYTES);
  header.writeUInt32LE(MAGIC, 0);
  header.writeUInt16LE(FORMAT_VERSION, 4);
  header.writeBigUInt64LE(BigInt(start), 8);
  header.writeBigUInt64LE(BigInt(bytes), 16);
  header.writeUInt32LE(crc32(header.subarray(0, 24)), 24);
  return header;
}

/** What a header says. A start of undefined: this was never made a segment of the log, or not wholly. */
export function readSegmentHeader(
  header: Buffer,
  where: string,
): { start: number; bytes: number } | undefined {
  if (header.length < SEGMENT_HEADER_BYTES || header.readUInt32LE(0) !== MAGIC) return undefined;
  if (crc32(header.subarray(0, 24)) !== header.readUInt32LE(24)) return undefined;
  const version = header.readUInt16LE(4);
  if (version > FORMAT_VERSION)
    throw new LogwheelError(
      "UNSUPPORTED_VERSION",
      `${where} has format version ${version}; this logwheel reads up to version ${FORMAT_VERSION}: start the newer logwheel on this folder, or another folder`,
    );
  if (header.readUInt16LE(6) !== 0)
    throw new LogwheelError(
      "UNSUPPORTED_VERSION",
      `${where} has format flags that this logwheel does not know`,
    );
  return { start: Number(header.readBigUInt64LE(8)), bytes: Number(header.readBigUInt64LE(16)) };
}

/** What names of segments look like. */
export const SEGMENT_NAME = /^\d{20}\.log$/;

/** The name of the segment that begins at a log offset: 20 digits. */
export function segmentName(start: number): string {
  return `${String(start).padStart(20, "0")}.log`;
}

/** Log offset of a segment's first record. */
export function firstRecord(segment: Segment): number {
  return segment.start + SEGMENT_HEADER_BYTES;
}

/** One file of the commit log: log offsets from `start` up to, not including, `end`. */
export class Segment {
  readonly start: number;
  readonly end: number;
  readonly file: File;
  /** The file in the blocks in which cold reads are cached. */
  readonly blocks: FileBlocks;
  /** Store time of the last record, once sealed; 0 before. */
  lastStoredAtMs = 0;
  #readers = 0;
  #retired = false;
  #idle: (() => void) | undefined;

  constructor(start: number, bytes: number, file: File) {
    this.start = start;
    this.end = start + bytes;
    this.file = file;
    this.blocks = new FileBlocks(file);
  }

  get name(): string {
    return segmentName(this.start);
  }

  /** Runs `read` while the file is certain to stay what it is. OFFSET_OUT_OF_RANGE once the segment is retired. */
  async reading<T>(read: () => Promise<T>): Promise<T> {
    if (this.#retired) throw gone(this.start);
    this.#readers++;
    try {
      return await read();
    } finally {
      this.#readers--;
      if (this.#readers === 0) this.#idle?.();
    }
  }

  /** Keeps new readers out and resolves when those who read have ended: the file may become another segment's then. */
  async retire(): Promise<void> {
    this.#retired = true;
    if (this.#readers > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
  }
}

/** The answer to who reads what retention has dropped. */
export function gone(logOffset: number): LogwheelError {
  return new LogwheelError("OFFSET_OUT_OF_RANGE", `log offset ${logOffset} was dropped by retention`);
}
