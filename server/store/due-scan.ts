import { type DueEntry, NEVER } from "./due-entry.js";
import { BEGINNING, DUE_END, droppedKey, dueKey, entryOf, halfKey, originKey } from "./due-keys.js";
import { KIND } from "./record.js";
import type { ViewEntry, Views } from "./views.js";

/** More at a time takes longer: they would outlive a collection of garbage. */
const SCAN_ENTRIES = 4_096;

/** All entries in the views, in due order, in batches. */
export async function* entriesOf(views: Views): AsyncGenerator<DueEntry[]> {
  for await (const found of scanned(views, dueKey(BEGINNING), DUE_END)) yield found.map(entryOf);
}

/**
 * Reads all that the due index has in the views; returns how many entries it has, and what is wrong with it, if so: where it
 * does not say the same in each of its orders. LOG_CORRUPT for contents that are not what was written.
 */
export async function countEntries(views: Views): Promise<{ count: number; fault: string | undefined }> {
  let count = 0;
  let halves = 0;
  for await (const entries of entriesOf(views)) {
    count += entries.length;
    for (const { kind } of entries) if (kind === KIND.half) halves++;
  }
  const byOrigin = await countKeys(views, originKey(0), originKey(NEVER));
  const halvesByOrigin = await countKeys(views, halfKey(0), halfKey(NEVER));
  await countKeys(views, droppedKey(0), droppedKey(NEVER));
  const same = byOrigin === count && halvesByOrigin === halves;
  const fault = `it has ${count} entries by time and ${byOrigin} by origin, ${halves} and ${halvesByOrigin} of them halves`;
  return { count, fault: same ? undefined : fault };
}

async function countKeys(views: Views, from: Buffer, to: Buffer): Promise<number> {
  let count = 0;
  for await (const found of scanned(views, from, to)) count += found.length;
  return count;
}

async function* scanned(views: Views, from: Buffer, to: Buffer): AsyncGenerator<ViewEntry[]> {
  for (let at = from; ; ) {
    const found = await views.scan(at, to, SCAN_ENTRIES);
    yield found;
    if (found.length < SCAN_ENTRIES) return;
    at = Buffer.concat([found.at(-1)!.key, Buffer.of(0)]);
  }
}
