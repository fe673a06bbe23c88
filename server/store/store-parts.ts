import type { Logger } from "../../proto/kernel/logger.js";
import { keysOf } from "../../proto/kernel/message-codec.js";
import type { Files } from "../disk/files.js";
import { BlockCache } from "./block-cache.js";
import { Checkpoint } from "./checkpoint.js";
import { ConsumeIndex } from "./consume-index.js";
import { KeyIndexes } from "./key-indexes.js";
import { type Recovered, recover } from "./recovery.js";
import { replay } from "./replay.js";
import { Segments } from "./segments.js";
import { State } from "./state.js";

/** Folder of the segments and their index files, within the data folder. */
const LOG_FOLDER = "log";

/** What a data folder holds, recovered: the log up to its end, and the views of it. */
export interface StoreParts {
  readonly segments: Segments;
  readonly checkpoint: Checkpoint;
  readonly cache: BlockCache;
  readonly index: ConsumeIndex;
  readonly keys: KeyIndexes;
  readonly state: State;
  readonly recovered: Recovered;
}

/** Recovers what is in a data folder, which is locked. */
export async function openParts(
  dataFiles: Files,
  options: { segmentBytes: number; cacheBytes: number; logger: Logger },
): Promise<StoreParts> {
  const files = await dataFiles.folder(LOG_FOLDER);
  const checkpoint = await Checkpoint.open(dataFiles);
  const segments = await Segments.open(files, options.segmentBytes);
  const recovered = await recover(files, segments, checkpoint.state, options.logger);
  const cache = new BlockCache(options.cacheBytes);
  const index = new ConsumeIndex(files, segments, cache);
  const last = segments.last!;
  const keys = new KeyIndexes(files, segments, last.start);
  const state = new State();
  index.resume(last.start);
  await replay(last, recovered.end, state, {
    add(queue, header, position, bytes, start, end) {
      queue.add(header, position);
      if (header.keyed) keys.add(header.topic, keysOf(bytes, start, end), position);
    },
  });
  await index.repair();
  await keys.repair();
  return { segments, checkpoint, cache, index, keys, state, recovered };
}
