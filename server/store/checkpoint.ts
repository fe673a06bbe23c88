import { crc32 } from "node:zlib";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { File, Files } from "../disk/files.js";

/**
 * Two slots, at 0 and at 4096, of which every write takes the one that holds the older state: while one is being
 * written the other one is whole. Integers are little-endian.
 *
 *     0       4         6       8        16        24      28      32      36
 *     +-------+---------+-------+--------+---------+-------+-------+-------+
 *     | magic | version | flags | serial | durable | epoch | clean | crc32 |
 *     +-------+---------+-------+--------+---------+-------+-------+-------+
 *
 * `serial` grows by one with each write. `crc32` covers the bytes before it, and stands here in every version, so that
 * a newer version can be told from damage.
 */
const SLOT_BYTES = 36;
const SLOT_DISTANCE = 4096;
const MAGIC = 0x5043574c; // "LWCP"
const VERSION = 1;
/** The file of the checkpoint in the data folder. */
export const CHECKPOINT_NAME = "checkpoint";

/** What a broker wants to know after a crash before it has read its log. */
export interface CheckpointState {
  /** Log offset below which everything had reached the disk. */
  readonly durable: number;
  /** Log epoch of the process that wrote this. */
  readonly epoch: number;
  /** Whether the log was closed in order and nothing was written behind `durable`. */
  readonly clean: boolean;
}

/** The checkpoint file. Invariant: the slot of the newest state on the disk is not written until the other one is newer. */
export class Checkpoint {
  readonly #file: File;
  #state: CheckpointState | null;
  #serial: number;
  #slot: number;
  #last: Promise<void> = Promise.resolve();

  private constructor(file: File, newest: { state: CheckpointState; serial: number; slot: number } | null) {
    this.#file = file;
    this.#state = newest?.state ?? null;
    this.#serial = newest?.serial ?? 0;
    this.#slot = newest?.slot ?? 1;
  }

  /** Opens the file, or makes it. UNSUPPORTED_VERSION if a newer logwheel wrote it. */
  static async open(files: Files): Promise<Checkpoint> {
    const file = await openOrCreate(files);
    try {
      return new Checkpoint(file, await newestSlot(file, `${files.path}/${CHECKPOINT_NAME}`));
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** The newest state that is durable; null if there is none, or none that is whole. */
  get state(): CheckpointState | null {
    return this.#state;
  }

  /**
   * Makes a state durable; one after the other, in the order of the calls. What survives a crash meanwhile is this one or the
   * one before. After a failure all later writes fail: nobody knows what the slot holds, and the other one is the last
   * that is whole.
   */
  write(state: CheckpointState): Promise<void> {
    const written = this.#last.then(() => this.#write(state));
    this.#last = written;
    return written;
  }

  /** Waits for writes under way. */
  async close(): Promise<void> {
    await this.#last.catch(() => {});
    await this.#file.close();
  }

  async #write(state: CheckpointState): Promise<void> {
    const slot = 1 - this.#slot;
    const serial = this.#serial + 1;
    await this.#file.write([encode(serial, state)], slot * SLOT_DISTANCE);
    await this.#file.sync();
    this.#slot = slot;
    this.#serial = serial;
    this.#state = state;
  }
}

async function openOrCreate(files: Files): Promise<File> {
  try {
    return await files.open(CHECKPOINT_NAME);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "ENOENT") throw thrown;
  }
  const file = await files.create(CHECKPOINT_NAME);
  await files.syncNames();
  return file;
}

async function newestSlot(
  file: File,
  where: string,
): Promise<{ state: CheckpointState; serial: number; slot: number } | null> {
  const slots = [await readSlot(file, 0, where), await readSlot(file, 1, where)];
  const [first, second] = slots;
  if (first == null || second == null) return first ?? second ?? null;
  return first.serial > second.serial ? first : second;
}

async function readSlot(
  file: File,
  slot: number,
  where: string,
): Promise<{ state: CheckpointState; serial: number; slot: number } | null> {
  const bytes = Buffer.alloc(SLOT_BYTES);
  await file.read(bytes, slot * SLOT_DISTANCE);
  const decoded = decode(bytes, where);
  return decoded === null ? null : { ...decoded, slot };
}

function encode(serial: number, { durable, epoch, clean }: CheckpointState): Buffer {
  const bytes = Buffer.alloc(SLOT_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt16LE(VERSION, 4);
  bytes.writeBigUInt64LE(BigInt(serial), 8);
  bytes.writeBigUInt64LE(BigInt(durable), 16);
  bytes.writeUInt32LE(epoch, 24);
  bytes.writeUInt32LE(clean ? 1 : 0, 28);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, SLOT_BYTES - 4)), SLOT_BYTES - 4);
  return bytes;
}

/** Null for bytes that no write left whole. */
function decode(bytes: Buffer, where: string): { state: CheckpointState; serial: number } | null {
  if (bytes.readUInt32LE(0) !== MAGIC) return null;
  if (crc32(bytes.subarray(0, SLOT_BYTES - 4)) !== bytes.readUInt32LE(SLOT_BYTES - 4)) return null;
  const version = bytes.readUInt16LE(4);
  if (version !== VERSION) {
    throw unsupported(`${where} has format version ${version}; this logwheel reads version ${VERSION}`);
  }
  if (bytes.readUInt16LE(6) !== 0)
    throw unsupported(`${where} has format flags that this logwheel does not know`);
  const state = {
    durable: Number(bytes.readBigUInt64LE(16)),
    epoch: bytes.readUInt32LE(24),
    clean: bytes.readUInt32LE(28) === 1,
  };
  return { state, serial: Number(bytes.readBigUInt64LE(8)) };
}

function unsupported(what: string): LogwheelError {
  return new LogwheelError(
    "UNSUPPORTED_VERSION",
    `${what}: start the newer logwheel on this folder, or choose another folder`,
  );
}
