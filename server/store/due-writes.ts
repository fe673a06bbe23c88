import { type DueMark, putMark } from "./due-keys.js";
import type { ViewChange, Views } from "./views.js";

const BATCH_CHANGES = 4_096;

/** Writes changes in batches, one after the other, in their order. */
export async function writeChanges(views: Views, changes: Iterable<ViewChange>): Promise<void> {
  let batch: ViewChange[] = [];
  for (const change of changes) {
    batch.push(change);
    if (batch.length < BATCH_CHANGES) continue;
    await views.write(batch);
    batch = [];
  }
  if (batch.length > 0) await views.write(batch);
}

/**
 * Writes a mark that a crash cannot make a lie: what it stands for is forced to the disk first, then it is written, itself
 * durably.
 */
export async function writeMark(views: Views, mark: DueMark): Promise<void> {
  await views.force();
  await views.write([putMark(mark)], { sync: true });
}
