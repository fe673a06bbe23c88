import type { Clock } from "../../proto/kernel/clock.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";

const NAME = "reserve";
const STEP_BYTES = 4 << 20;
/** Between two steps: written slowly, so that sends do not wait for it. */
const STEP_MS = 50;

/**
 * A file of zeros on a disk that fills up. Its room is given back when there is next to none: sends are refused long
 * before, but acknowledgements still have to be written then, and a log recovered.
 */
export class DiskReserve {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #bytes: number;
  #filling: Promise<void> | undefined;
  #stop = new AbortController();

  /** Holds up to so many bytes; none for 0. */
  constructor(deps: { files: Files; clock: Clock; bytes: number }) {
    this.#files = deps.files;
    this.#clock = deps.clock;
    this.#bytes = deps.bytes;
  }

  /** Writes what is missing, behind this call. A failure leaves less; the next call goes on. */
  fill(): void {
    if (this.#bytes === 0) return;
    this.#filling ??= this.#fill(this.#stop.signal)
      .catch(() => {})
      .finally(() => (this.#filling = undefined));
  }

  /** Gives the room back; false if there was nothing to give. */
  async release(): Promise<boolean> {
    await this.stop();
    return remove(this.#files);
  }

  /** Writes no more. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#filling;
    this.#stop = new AbortController();
  }

  async #fill(stopped: AbortSignal): Promise<void> {
    const known = (await this.#files.list()).includes(NAME);
    const file = known ? await this.#files.open(NAME) : await this.#files.create(NAME);
    try {
      const zeros = Buffer.alloc(Math.min(STEP_BYTES, this.#bytes));
      for (let at = await file.size(); at < this.#bytes && !stopped.aborted; at += zeros.length) {
        await file.write([zeros.subarray(0, this.#bytes - at)], at);
        await file.sync();
        await this.#clock.sleep(STEP_MS, stopped);
      }
    } finally {
      await file.close();
    }
  }
}

/** Runs `open`, which takes the folder's lock; when the disk is full, once more after giving up the reserve in it. */
export async function withReserve<T>(files: Files, logger: Logger, open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (thrown) {
    if (!isDiskFull(thrown) || !(await releaseLocked(files))) throw thrown;
    logger.error({ folder: files.path }, "the disk is full: the reserve is given up to recover the log");
    return open();
  }
}

async function releaseLocked(files: Files): Promise<boolean> {
  await files.lock();
  try {
    return await remove(files);
  } finally {
    await files.unlock();
  }
}

async function remove(files: Files): Promise<boolean> {
  if (!(await files.list()).includes(NAME)) return false;
  await files.remove(NAME);
  await files.syncNames();
  return true;
}

function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return ("code" in thrown && thrown.code === "ENOSPC") || isDiskFull(thrown.cause);
}
