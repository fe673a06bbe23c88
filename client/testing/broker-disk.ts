import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../../server/disk/files.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import { NodeFiles } from "../../server/disk/node-files.js";
import { levelViews } from "../../server/store/level-views.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import type { ViewsFolder } from "../../server/store/views.js";

/** What becomes of writes that were not flushed: a killed process leaves them to its machine, a power cut loses them. */
export type Unsynced = "kept" | "lost";

/** Where a broker of a test keeps its data from one start to the next. */
export interface BrokerDisk {
  /** The folder, for another start. */
  open(): Promise<{ readonly files: Files; readonly views: ViewsFolder }>;
  /** The machine lost its power in this turn. */
  losePower(): void;
}

/** A disk in memory: gone with the test. */
export function memoryDisk(): BrokerDisk {
  let files = new MemoryFiles();
  let views = new MemoryViews();
  return {
    open: async () => ({ files: files.reopen(), views }),
    losePower() {
      files = files.losePower("nothing");
      views = views.losePower("nothing");
    },
  };
}

/** A folder of the real disk. */
export function folderDisk(path: string): BrokerDisk {
  return {
    async open() {
      const files = await NodeFiles.open(path);
      return { files, views: levelViews(files) };
    },
    losePower() {
      throw new LogwheelError(
        "BAD_REQUEST",
        "only a disk in memory loses what was not flushed: start the cluster without dir, or kill the broker with unsynced: kept",
      );
    },
  };
}
