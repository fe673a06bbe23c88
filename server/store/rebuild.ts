import type { Files } from "../disk/files.js";
import { writeIndexAgain } from "./consume-index.js";
import { writeKeysAgain } from "./key-indexes.js";
import { type InspectProgress, openStoppedLog } from "./stopped-log.js";

/** Makes all index files of a stopped broker's log again, from its records. Fails as `openStoppedLog`. */
export async function rebuildStore(
  dataFiles: Files,
  { onProgress = () => {} }: { onProgress?: (progress: InspectProgress) => void } = {},
): Promise<{ segments: number }> {
  const log = await openStoppedLog(dataFiles);
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
    return { segments: sealed.length };
  } finally {
    await log.close();
  }
}
