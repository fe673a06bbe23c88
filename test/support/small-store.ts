import { TestClock } from "../../client/testing/test-clock.js";
import { silentLogger } from "../../proto/kernel/logger.js";
import type { Files } from "../../server/disk/files.js";
import { MemoryViews } from "../../server/store/memory-views.js";
import { Store } from "../../server/store/store.js";
import type { StoreOptions } from "../../server/store/store-options.js";

/** A segment of a few dozen messages, so that every run rolls several times. */
export const WORLD_SEGMENT_BYTES = 16 << 10;

/** Opens a store with small segments. */
export function openSmall(files: Files, options: Partial<StoreOptions> = {}): Promise<Store> {
  return Store.open({
    files,
    clock: new TestClock(),
    logger: silentLogger,
    flush: "sync",
    segmentBytes: WORLD_SEGMENT_BYTES,
    slabsKept: 1,
    cacheBytes: 1 << 20,
    views: new MemoryViews(),
    dueChangesKept: 8,
    ...options,
  });
}
