import type { File, Files } from "./files.js";
import { MemoryFolder } from "./memory-folder.js";
import type { PowerLoss } from "./power-loss.js";

/** A call that is about to happen. */
export interface Operation {
  readonly call: Exclude<keyof Files | keyof File, "path" | "name">;
  /** The file, or empty for calls on the folder. */
  readonly name: string;
  /** How many calls the disk has had before. */
  readonly index: number;
}

/** Runs before a call: may throw `diskError` to make it fail, or return a promise to make it wait. */
export type Before = (operation: Operation) => void | Promise<void>;

/** An error as the operating system gives it. A write that fails with it has first written `writtenBytes`. */
export function diskError(code: string, writtenBytes = 0): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: simulated`), { code, writtenBytes });
}

/** Makes the call with this index fail, and for ever those of the same kind behind it. */
export function failAt(index: number, code: string, { forever = false, writtenBytes = 0 } = {}): Before {
  let failing: Operation["call"] | null = null;
  return (operation) => {
    if (operation.index === index) failing = operation.call;
    else if (!forever) return;
    if (operation.call === failing) throw diskError(code, writtenBytes);
  };
}

const UNLIMITED = Number.MAX_SAFE_INTEGER;

/** What the folders and files of one simulated disk share: its limits, its faults and its counts. */
export class MemoryDisk {
  readonly root: MemoryFolder;
  /** What files may hold together; behind that a write fails with ENOSPC. */
  totalBytes = UNLIMITED;
  before: Before | null = null;
  openFiles = 0;
  readonly #counts = new Map<Operation["call"], number>();
  #calls = 0;

  constructor(root = new MemoryFolder()) {
    this.root = root;
  }

  get freeBytes(): number {
    if (this.totalBytes === UNLIMITED) return UNLIMITED;
    return Math.max(0, this.totalBytes - this.root.usedBytes);
  }

  /** How often this was called; all calls without an argument. */
  count(call?: Operation["call"]): number {
    return call === undefined ? this.#calls : (this.#counts.get(call) ?? 0);
  }

  /** Counts a call and lets the test interfere. */
  enter(call: Operation["call"], name: string): void | Promise<void> {
    this.#counts.set(call, this.count(call) + 1);
    const index = this.#calls++;
    return this.before?.({ call, name, index });
  }

  /** The disk as a machine finds it that lost power now. This one goes on as if nothing had been. */
  afterPowerLoss(loss: PowerLoss): MemoryDisk {
    return this.#withRoot(this.root.afterPowerLoss(loss));
  }

  /** The disk as another process finds it after this one was killed now. */
  clone(): MemoryDisk {
    return this.#withRoot(this.root.clone());
  }

  #withRoot(root: MemoryFolder): MemoryDisk {
    const disk = new MemoryDisk(root);
    disk.totalBytes = this.totalBytes;
    return disk;
  }
}
