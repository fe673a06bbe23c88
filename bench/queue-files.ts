import type { File } from "../server/disk/files.js";
import { NodeFiles } from "../server/disk/node-files.js";

/** Numbers of one entry: log offset in two halves, size, tag hash, key hash. */
const NUMBERS = 5;
const BYTES = NUMBERS * 4;
const READ_BYTES = 64 << 10;
const AT_ONCE = 64;

/** A queue's file: what is written of it, and entries that are still to be written. */
interface QueueFile {
  file: File | undefined;
  bytes: number;
  pending: Uint32Array;
  count: number;
}

/**
 * RocketMQ's layout, for comparison: one append-only file per queue. Entries gather in memory and are written when a
 * segment is sealed; all files stay open.
 */
export class QueueFiles {
  readonly #files: NodeFiles;
  readonly #queues: QueueFile[];

  private constructor(files: NodeFiles, queues: number) {
    this.#files = files;
    this.#queues = Array.from({ length: queues }, () => ({
      file: undefined,
      bytes: 0,
      pending: new Uint32Array(NUMBERS),
      count: 0,
    }));
  }

  static async create(folder: string, queues: number): Promise<QueueFiles> {
    return new QueueFiles(await NodeFiles.open(folder), queues);
  }

  /** After a restart: every file is opened, and what was not written whole is cut off. */
  static async recover(folder: string, queues: number): Promise<QueueFiles> {
    const recovered = await QueueFiles.create(folder, queues);
    await inParallel(recovered.#queues, async (queue, id) => {
      queue.file = await recovered.#files.open(nameOf(id));
      const bytes = await queue.file.size();
      queue.bytes = bytes - (bytes % BYTES);
      if (queue.bytes < bytes) await queue.file.resize(queue.bytes);
    });
    return recovered;
  }

  add(id: number, logOffset: number, size: number, tagHash: number, keyHash: number): void {
    const queue = this.#queues[id]!;
    if (queue.count * NUMBERS === queue.pending.length) {
      const grown = new Uint32Array(queue.pending.length * 2);
      grown.set(queue.pending);
      queue.pending = grown;
    }
    const at = queue.count++ * NUMBERS;
    queue.pending[at] = logOffset;
    queue.pending[at + 1] = logOffset / 2 ** 32;
    queue.pending[at + 2] = size;
    queue.pending[at + 3] = tagHash;
    queue.pending[at + 4] = keyHash;
  }

  /** Writes what has gathered; it is in the page cache then. */
  async write(): Promise<void> {
    await inParallel(this.#queues, async (queue, id) => {
      if (queue.count === 0) return;
      const { pending, count } = queue;
      queue.pending = new Uint32Array(NUMBERS);
      queue.count = 0;
      queue.file ??= await this.#files.create(nameOf(id));
      await queue.file.write([new Uint8Array(pending.buffer, 0, count * BYTES)], queue.bytes);
      queue.bytes += count * BYTES;
    });
  }

  /** Makes durable what was written. */
  async sync(): Promise<void> {
    await inParallel(this.#queues, async ({ file }) => file?.sync());
    await this.#files.syncNames();
  }

  /** Reads a queue from its beginning to its end; returns how many entries it has. */
  async readAll(id: number): Promise<number> {
    const file = await this.#files.open(nameOf(id));
    const numbers = new Uint32Array(Math.floor(READ_BYTES / BYTES) * NUMBERS);
    const bytes = new Uint8Array(numbers.buffer);
    let entries = 0;
    for (let read = bytes.length; read === bytes.length; ) {
      read = await file.read(bytes, entries * BYTES);
      for (let at = 0; at < read / 4; at += NUMBERS) if (numbers[at + 2]! > 0) entries++;
    }
    await file.close();
    return entries;
  }

  async close(): Promise<void> {
    await inParallel(this.#queues, async ({ file }) => file?.close());
  }
}

function nameOf(id: number): string {
  return `${String(id).padStart(6, "0")}.queue`;
}

async function inParallel<T>(
  items: readonly T[],
  work: (item: T, index: number) => Promise<unknown>,
): Promise<void> {
  for (let first = 0; first < items.length; first += AT_ONCE)
    await Promise.all(items.slice(first, first + AT_ONCE).map((item, at) => work(item, first + at)));
}
