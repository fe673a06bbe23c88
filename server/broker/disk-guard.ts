import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Lifecycle } from "../../proto/kernel/lifecycle.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";
import { DiskReserve } from "./disk-reserve.js";

/** When a disk counts as full. Percentages are of the used share. */
export interface DiskLimits {
  readonly warnPercent: number;
  readonly refusePercent: number;
  /** Free bytes below which sends are refused whatever the share. */
  readonly freeBytesMin: number;
  /** Bytes to hold back for acknowledgements and recovery. */
  readonly reserveBytes: number;
}

/** How full the disk is. */
export type DiskLevel = "ok" | "warn" | "full";

const LOOK_MS = 2_000;

/** The reserve is written when so many times its size are left above the bytes that are never used. */
const RESERVE_AHEAD = 16;

/** How full a disk with so much room is. */
export function levelOf(space: { freeBytes: number; totalBytes: number }, limits: DiskLimits): DiskLevel {
  const usedPercent = 100 * (1 - space.freeBytes / space.totalBytes);
  if (usedPercent >= limits.refusePercent || space.freeBytes < limits.freeBytesMin) return "full";
  return usedPercent >= limits.warnPercent ? "warn" : "ok";
}

/**
 * Watches the free room of the data folder: sends are refused before the disk is full, so that consumers, cursors and
 * recovery always have room to write.
 */
export class DiskGuard implements Lifecycle {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: DiskLimits;
  readonly #reserve: DiskReserve;
  #level: DiskLevel = "ok";
  #space = { freeBytes: 0, totalBytes: 0 };
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(deps: { files: Files; clock: Clock; logger: Logger; limits: DiskLimits }) {
    this.#files = deps.files;
    this.#clock = deps.clock;
    this.#logger = deps.logger;
    this.#limits = deps.limits;
    this.#reserve = new DiskReserve({ ...deps, bytes: deps.limits.reserveBytes });
  }

  get level(): DiskLevel {
    return this.#level;
  }

  /** Free and total bytes as last seen. */
  get space(): { freeBytes: number; totalBytes: number } {
    return this.#space;
  }

  /** Why sends are refused, if the disk is full. */
  refusal(): LogwheelError | undefined {
    if (this.#level !== "full") return undefined;
    const { freeBytes } = this.#space;
    return new LogwheelError(
      "DISK_FULL",
      `the broker's disk has ${Math.round(freeBytes / 2 ** 20)} MiB left: free some, or lower the retention; sends go on by themselves then`,
      { retryAfterMs: LOOK_MS },
    );
  }

  async start(): Promise<void> {
    this.#stopped = false;
    await this.look();
    this.#later();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#reserve.stop();
  }

  /** Looks now. A failure to look changes nothing. */
  async look(): Promise<void> {
    try {
      this.#space = await this.#files.space();
    } catch (thrown) {
      this.#logger.warn({ error: String(thrown) }, "the disk's free space cannot be read");
      return;
    }
    const level = levelOf(this.#space, this.#limits);
    await this.#holdBack(level);
    if (level === this.#level) return;
    this.#level = level;
    const { freeBytes, totalBytes } = this.#space;
    const figures = { freeBytes, totalBytes };
    if (level === "full")
      this.#logger.error(figures, "the disk is full: sends are refused until there is room");
    else if (level === "warn") this.#logger.warn(figures, "the disk is filling up");
    else this.#logger.info(figures, "the disk has room again");
  }

  /**
   * An ample disk needs no reserve; one that fills up gets it while there is room for both. It is given back when less
   * than its size is left, whoever took the rest.
   */
  async #holdBack(level: DiskLevel): Promise<void> {
    const { freeBytesMin, reserveBytes } = this.#limits;
    const { freeBytes } = this.#space;
    if (freeBytes < reserveBytes) {
      if (await this.#reserve.release())
        this.#logger.error(
          { freeBytes, reserveBytes },
          "next to nothing is left on the disk: the reserve is given to acknowledgements and recovery",
        );
    } else if (
      level !== "full" &&
      freeBytes >= freeBytesMin + 2 * reserveBytes &&
      freeBytes < freeBytesMin + RESERVE_AHEAD * reserveBytes
    )
      this.#reserve.fill();
  }

  #later(): void {
    if (this.#stopped) return;
    this.#cancel = this.#clock.after(LOOK_MS, () => {
      this.look().then(
        () => this.#later(),
        () => this.#later(),
      );
    });
  }
}
