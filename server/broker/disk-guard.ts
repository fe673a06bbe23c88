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

/** Between looks, a byte of the log takes so many on the disk: itself, zeros written ahead of it, its index. */
const DISK_PER_LOG = 2.5;

/** The next look comes at the latest when this share of the room may be taken. */
const LOOK_SHARE = 0.25;

/** The reserve is written when so many times its size are left above the bytes that are never used. */
const RESERVE_AHEAD = 16;

/** How full a disk with so much room is. */
export function levelOf(space: { freeBytes: number; totalBytes: number }, limits: DiskLimits): DiskLevel {
  const usedPercent = 100 * (1 - space.freeBytes / space.totalBytes);
  if (usedPercent >= limits.refusePercent || space.freeBytes < limits.freeBytesMin) return "full";
  return usedPercent >= limits.warnPercent ? "warn" : "ok";
}

/** Bytes that are left until a disk counts as full. */
export function roomOf(space: { freeBytes: number; totalBytes: number }, limits: DiskLimits): number {
  const kept = Math.max(limits.freeBytesMin, space.totalBytes * (1 - limits.refusePercent / 100));
  return Math.max(0, space.freeBytes - kept);
}

/** Bytes of a disk that may be used before it counts as full; Infinity while its size is not known. */
export function usableBytes({ totalBytes }: { totalBytes: number }, limits: DiskLimits): number {
  if (totalBytes === 0) return Number.POSITIVE_INFINITY;
  return Math.min((totalBytes * limits.refusePercent) / 100, totalBytes - limits.freeBytesMin);
}

/**
 * Watches the free room of the data folder: sends are refused before the disk is full, so that consumers, cursors and
 * recovery always have room to write.
 *
 * Invariant: between two looks no more is taken than there was room for, however fast the log grows.
 */
export class DiskGuard implements Lifecycle {
  readonly #files: Files;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #limits: DiskLimits;
  readonly #reserve: DiskReserve;
  readonly #logEnd: () => number;
  readonly #onFull: (full: boolean) => Promise<void>;
  /** Where the log ended at the last look. */
  #seenEnd = 0;
  #looking: Promise<void> | undefined;
  #level: DiskLevel = "ok";
  #space = { freeBytes: 0, totalBytes: 0 };
  /** The reserve was given up, and there is no room for another one yet: what is free is not for sends. */
  #gaveUp = false;
  #cancel: (() => void) | undefined;
  #stopped = false;

  /**
   * `logEnd` is the log offset up to which messages were accepted. `onFull` is told when the disk is full, and when it is
   * no longer.
   */
  constructor(deps: {
    files: Files;
    clock: Clock;
    logger: Logger;
    limits: DiskLimits;
    logEnd: () => number;
    onFull: (full: boolean) => Promise<void>;
  }) {
    this.#onFull = deps.onFull;
    this.#logEnd = deps.logEnd;
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
    if (this.#level !== "full" && !this.#mayBeFull()) return undefined;
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

  /** Whether what was accepted since the last look may have taken all room. Looks again long before. */
  #mayBeFull(): boolean {
    const taken = (this.#logEnd() - this.#seenEnd) * DISK_PER_LOG;
    if (taken === 0) return false;
    const room = roomOf(this.#space, this.#limits);
    if (taken >= room * LOOK_SHARE) this.look().catch(() => {});
    return taken >= room;
  }

  /** Looks now, or waits for the look under way. A failure to look changes nothing. */
  look(): Promise<void> {
    this.#looking ??= this.#look().finally(() => (this.#looking = undefined));
    return this.#looking;
  }

  async #look(): Promise<void> {
    const end = this.#logEnd();
    try {
      this.#space = await this.#files.space();
      this.#seenEnd = end;
    } catch (thrown) {
      this.#logger.warn({ error: String(thrown) }, "the disk's free space cannot be read");
      return;
    }
    await this.#giveUp();
    const level = this.#gaveUp ? "full" : levelOf(this.#space, this.#limits);
    this.#holdBack(level);
    if (level === this.#level || this.#stopped) return;
    if ((level === "full") !== (this.#level === "full")) await this.#onFull(level === "full");
    this.#level = level;
    const { freeBytes, totalBytes } = this.#space;
    const figures = { freeBytes, totalBytes };
    if (level === "full")
      this.#logger.error(figures, "the disk is full: sends are refused until there is room");
    else if (level === "warn") this.#logger.warn(figures, "the disk is filling up");
    else this.#logger.info(figures, "the disk has room again");
  }

  /** The reserve is given up when less than its size is left, whoever took the rest. */
  async #giveUp(): Promise<void> {
    const { reserveBytes } = this.#limits;
    const { freeBytes } = this.#space;
    if (freeBytes >= this.#roomForReserve) this.#gaveUp = false;
    if (freeBytes >= reserveBytes || !(await this.#reserve.release())) return;
    this.#gaveUp = true;
    this.#logger.error(
      { freeBytes, reserveBytes },
      "next to nothing is left on the disk: the reserve is given to acknowledgements and recovery",
    );
  }

  /** An ample disk needs no reserve; one that fills up gets it while there is room for both. */
  #holdBack(level: DiskLevel): void {
    const { freeBytesMin, reserveBytes } = this.#limits;
    const { freeBytes } = this.#space;
    if (level === "full" || freeBytes < this.#roomForReserve) return;
    if (freeBytes < freeBytesMin + RESERVE_AHEAD * reserveBytes) this.#reserve.fill();
  }

  get #roomForReserve(): number {
    return this.#limits.freeBytesMin + 2 * this.#limits.reserveBytes;
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
