import type { Files } from "../disk/files.js";
import { maskedCrc } from "./level-crc.js";

/** What log files hold at most in which there is nothing but the forced key. */
const LOGS_BYTES_EMPTY = 1 << 10;

const BLOCK_BYTES = 32 << 10;
const HEAD_BYTES = 7;

/** All that a file holds; undefined if it is not there. */
export async function contentOf(files: Files, name: string): Promise<Buffer | undefined> {
  const file = await files.open(name).catch((thrown: NodeJS.ErrnoException) => {
    if (thrown.code !== "ENOENT") throw thrown;
  });
  if (file === undefined) return undefined;
  try {
    const bytes = Buffer.allocUnsafe(await file.size());
    return bytes.subarray(0, await file.read(bytes, 0));
  } finally {
    await file.close();
  }
}

/**
 * Whether all that LevelDB is going to open is in its tables, and the list of those is as it was written. From log files, and
 * from the list, it takes what it can read, and says nothing of the rest; a table is whole or found out.
 */
export async function isAllInTables(files: Files): Promise<boolean> {
  let logBytes = 0;
  for (const name of await files.list())
    if (name.endsWith(".log")) logBytes += (await contentOf(files, name))?.length ?? 0;
  if (logBytes > LOGS_BYTES_EMPTY) return false;
  const current = (await contentOf(files, "CURRENT"))?.toString().trim();
  const manifest = current === undefined ? undefined : await contentOf(files, current);
  return manifest !== undefined && areSound(manifest);
}

/**
 * Whether all records of a log file or a manifest are as they were written. Blocks of 32 KiB; a record is the masked CRC-32C of
 * what follows its length, that length u16, a byte for its type, and its bytes. Integers are little-endian.
 */
export function areSound(file: Buffer): boolean {
  for (let at = 0; at < file.length; ) {
    const left = BLOCK_BYTES - (at % BLOCK_BYTES);
    if (left < HEAD_BYTES) {
      at += left;
      continue;
    }
    if (at + HEAD_BYTES > file.length) return false;
    const bytes = HEAD_BYTES + file.readUInt16LE(at + 4);
    if (bytes > left || at + bytes > file.length) return false;
    if (maskedCrc(file.subarray(at + 6, at + bytes)) !== file.readInt32LE(at)) return false;
    at += bytes;
  }
  return true;
}
