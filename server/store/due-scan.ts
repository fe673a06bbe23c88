import type { DueEntry } from "./due-entry.js";
import { BEGINNING, behind, DUE_END, dueKey, entryOf } from "./due-keys.js";
import type { Views } from "./views.js";

const SCAN_ENTRIES = 16_384;

/** All entries in the views, in due order, in batches. */
export async function* entriesOf(views: Views): AsyncGenerator<DueEntry[]> {
  for (let from = BEGINNING; ; ) {
    const entries = (await views.scan(dueKey(from), DUE_END, SCAN_ENTRIES)).map(entryOf);
    yield entries;
    if (entries.length < SCAN_ENTRIES) return;
    from = behind(entries.at(-1)!);
  }
}
