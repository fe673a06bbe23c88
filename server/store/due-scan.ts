import { type DueEntry, NEVER } from "./due-entry.js";
import { BEGINNING, DUE_END, dueKey, entryOf, halfKey } from "./due-keys.js";
import { KIND } from "./record.js";
import type { ViewEntry, Views } from "./views.js";

/** More at a time takes longer: they would outlive a collection of garbage. */
const SCAN_ENTRIES = 4_096;

/** All entries in the views, in due order, in batches. */
export async function* entriesOf(views: Views): AsyncGenerator<DueEntry[]> {
  for await (const found of scanned(views, dueKey(BEGINNING), DUE_END)) yield found.map(entryOf);
}

/**
 * Reads the entries in the views in due order; returns how many there are, and what is wrong, if so: halves of transactions
 * that do not stand where they are looked for. LOG_CORRUPT for contents that are not what was written. The entries by
 * origin would take as long again; they were written together with these.
 */
export async function countEntries(views: Views): Promise<{ count: number; fault: string | undefined }> {
  let count = 0;
  let halves = 0;
  for await (const entries of entriesOf(views)) {
    count += entries.length;
    for (const { kind } of entries) if (kind === KIND.half) halves++;
  }
  let halvesByOrigin = 0;
  for await (const found of scanned(views, halfKey(0), halfKey(NEVER))) halvesByOrigin += found.length;
  const fault = `it has ${halves} halves by time and ${halvesByOrigin} by origin`;
  return { count, fault: halves === halvesByOrigin ? undefined : fault };
}

async function* scanned(views: Views, from: Buffer, to: Buffer): AsyncGenerator<ViewEntry[]> {
  for (let at = from; ; ) {
    const found = await views.scan(at, to, SCAN_ENTRIES);
    yield found;
    if (found.length < SCAN_ENTRIES) return;
    at = Buffer.concat([found.at(-1)!.key, Buffer.of(0)]);
  }
}
