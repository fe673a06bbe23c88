import { keysOf } from "../../proto/kernel/message-codec.js";
import type { Files } from "../disk/files.js";
import { BlockCache } from "./block-cache.js";
import { Checkpoint } from "./checkpoint.js";
import { ConsumeIndex } from "./consume-index.js";
import type { DueFound } from "./due-index.js";
import { DueRecovery } from "./due-recovery.js";
import { KeyIndexes } from "./key-indexes.js";
import { levelViews } from "./level-views.js";
import { type Recovered, recover } from "./recovery.js";
import { NO_INDEX, readSnapshot, replay, replaySalvaged } from "./replay.js";
import type { Segment } from "./segment.js";
import { Segments } from "./segments.js";
import { State } from "./state.js";
import type { StoreOptions } from "./store-options.js";

/** Folder of the segments and their index files, within the data folder. */
export const LOG_FOLDER = "log";

/** What a data folder holds, recovered: the log up to its end, and the views of it. */
export interface StoreParts {
  readonly segments: Segments;
  readonly checkpoint: Checkpoint;
  readonly cache: BlockCache;
  readonly index: ConsumeIndex;
  readonly keys: KeyIndexes;
  readonly state: State;
  readonly recovered: Recovered;
  readonly due: DueFound;
}

/** What opening takes of the store's options. */
export type PartsOptions = Pick<StoreOptions, "segmentBytes" | "logger" | "acceptDamage" | "views"> & {
  readonly cacheBytes: number;
};

/** Recovers what is in a data folder, which is locked. After a failure nothing is left open. */
export async function openParts(dataFiles: Files, options: PartsOptions): Promise<StoreParts> {
  const files = await dataFiles.folder(LOG_FOLDER);
  const checkpoint = await Checkpoint.open(dataFiles);
  let segments: Segments | undefined;
  let due: DueRecovery | undefined;
  try {
    segments = await Segments.open(files, options.segmentBytes, options.acceptDamage);
    due = await DueRecovery.open(options.views ?? levelViews(dataFiles));
    return await recoverParts({ files, segments, checkpoint, due }, options);
  } catch (thrown) {
    await due?.close().catch(() => {});
    await segments?.close();
    await checkpoint.close();
    throw thrown;
  }
}

async function recoverParts(
  opened: { files: Files; segments: Segments; checkpoint: Checkpoint; due: DueRecovery },
  { logger, acceptDamage: accepted, cacheBytes }: PartsOptions,
): Promise<StoreParts> {
  const { files, segments, checkpoint } = opened;
  const witness = opened.due.durable;
  const known = { checkpoint: checkpoint.state, witness };
  const recovered = await recover({ files, segments, ...known, logger, accepted });
  const cache = new BlockCache(cacheBytes);
  const index = new ConsumeIndex(files, segments, cache);
  const last = segments.last!;
  const keys = new KeyIndexes(files, segments, last.start);
  const state = new State({ lossy: recovered.gaveUp });
  index.resume(last.start);
  if (recovered.gaveUp && !recovered.opened) await replayEarlier(segments.all.slice(0, -1), state);
  await replay(last, recovered.end, state, {
    add(queue, header, position) {
      index.add(queue, header, position);
    },
    keyed(header, position, bytes, start, end) {
      keys.add(header.topic, keysOf(bytes, start, end), position);
    },
  });
  if (recovered.gaveUp) for (const [queue, offset] of state.acknowledged()) index.skipTo(queue, offset);
  await index.repair();
  await keys.repair();
  const due = await opened.due.recover({
    segments: segments.all,
    end: recovered.end,
    records: state.dueRecords,
    lossy: accepted !== undefined,
    logger,
  });
  return { segments, checkpoint, cache, index, keys, state, recovered, due };
}

/** Where the last segment's snapshot was given up, earlier ones tell what it said. */
async function replayEarlier(earlier: readonly Segment[], state: State): Promise<void> {
  let from = earlier.length - 1;
  while (from > 0 && (await readSnapshot(earlier[from]!)) === undefined) from--;
  for (const segment of earlier.slice(Math.max(0, from)))
    await replaySalvaged(segment, segment.end, state, NO_INDEX);
  for (const { queues } of state.topics.values()) for (const queue of queues) queue.rebase();
}
