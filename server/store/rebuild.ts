import { silentLogger } from "../../proto/kernel/logger.js";
import type { Files } from "../disk/files.js";
import { writeIndexAgain } from "./consume-index.js";
import { writeKeysAgain } from "./key-indexes.js";
import { levelViews } from "./level-views.js";
import { NO_INDEX, replaySalvaged } from "./replay.js";
import { State } from "./state.js";
import { type InspectProgress, openStoppedLog, type StoppedLog } from "./stopped-log.js";
import type { ViewsFolder } from "./views.js";

/** Makes all index files and views of a stopped broker's log again, from its records. Fails as `openStoppedLog`. */
export async function rebuildStore(
  dataFiles: Files,
  {
    onProgress = () => {},
    views = levelViews(dataFiles),
  }: { onProgress?: (progress: InspectProgress) => void; views?: ViewsFolder } = {},
): Promise<{ segments: number; due: number }> {
  const log = await openStoppedLog(dataFiles, views);
  try {
    const sealed = log.segments.slice(0, -1);
    const totalBytes = sealed.reduce((sum, { start, end }) => sum + end - start, 0);
    let doneBytes = 0;
    for (const segment of sealed) {
      await writeIndexAgain(log.files, segment);
      await writeKeysAgain(log.files, segment);
      doneBytes += segment.end - segment.start;
      onProgress({ file: segment.name, doneBytes, totalBytes });
    }
    return { segments: sealed.length, due: await rebuildDue(log) };
  } finally {
    await log.close();
  }
}

/** Returns what is pending. Only what is certain to be durable: the next start replays the rest. */
async function rebuildDue({ segments, tail, mark, due }: StoppedLog): Promise<number> {
  if (tail === undefined || due === undefined) return 0;
  const state = new State({ lossy: true });
  await replaySalvaged(tail.segment, tail.scanned.end, state, NO_INDEX);
  const end = Math.min(mark, tail.scanned.end);
  const log = { segments, end, records: state.dueRecords, lossy: true, logger: silentLogger };
  return (await due.recover(log)).pending;
}
