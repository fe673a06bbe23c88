import type { DueEntry } from "./due-entry.js";
import {
  BEGINNING,
  behind,
  copyKey,
  DUE_END,
  droppedKey,
  dueKey,
  entryByOrigin,
  entryOf,
  originKey,
  readOrigin,
  readPlace,
  readSettled,
  settledKey,
} from "./due-keys.js";
import type { ViewChange, Views } from "./views.js";

const SCAN_ENTRIES = 16_384;

/** A batch of entries, and the log offset to go on from; undefined at the end. */
export interface DueBatch {
  readonly entries: DueEntry[];
  readonly next: number | undefined;
}

/** All entries in the views, in due order, in batches. */
export async function* entriesOf(views: Views): AsyncGenerator<DueEntry[]> {
  for (let from = BEGINNING; ; ) {
    const entries = (await views.scan(dueKey(from), DUE_END, SCAN_ENTRIES)).map(entryOf);
    yield entries;
    if (entries.length < SCAN_ENTRIES) return;
    from = behind(entries.at(-1)!);
  }
}

/** Entries whose messages are still where they came in, from log offset `from` to `to`. */
export async function originsIn(views: Views, from: number, to: number): Promise<DueBatch> {
  const found = await views.scan(originKey(from), originKey(to), SCAN_ENTRIES);
  const entries = found.map(({ key, value }) => entryByOrigin(key, value));
  const next = found.length < SCAN_ENTRIES ? undefined : entries.at(-1)!.origin + 1;
  return { entries: entries.filter(({ origin, place }) => place === origin), next };
}

/** Entries whose messages are in copies from log offset `from` to `to`. */
export async function copiesIn(views: Views, from: number, to: number): Promise<DueBatch> {
  const found = await views.scan(copyKey(from), copyKey(to), SCAN_ENTRIES);
  const entries: DueEntry[] = [];
  for (const { key, value } of found) {
    const byOrigin = originKey(readOrigin(value));
    const entry = views.get(byOrigin);
    if (entry !== undefined && entryByOrigin(byOrigin, entry).place === readPlace(key))
      entries.push(entryByOrigin(byOrigin, entry));
  }
  const next = found.length < SCAN_ENTRIES ? undefined : readPlace(found.at(-1)!.key) + 1;
  return { entries, next };
}

/** Whether no message of an entry in the views lies from log offset `from` to `to`. */
export async function isEmpty(views: Views, from: number, to: number): Promise<boolean> {
  for (const read of [originsIn, copiesIn])
    for (let at: number | undefined = from; at !== undefined; ) {
      const { entries, next }: DueBatch = await read(views, at, to);
      if (entries.length > 0) return false;
      at = next;
    }
  return true;
}

/** Forgets what is remembered of records below log offset `start`, where the log begins. */
export async function forgetBelow(views: Views, start: number): Promise<void> {
  for (const forget of [forgetDropped, forgetCopies]) while (await forget(views, start));
}

/** Some of them; whether there may be more. */
async function forgetDropped(views: Views, start: number): Promise<boolean> {
  const gone = await views.scan(droppedKey(0), droppedKey(start), SCAN_ENTRIES);
  if (gone.length > 0) await views.write(gone.map(({ key }) => ({ key })));
  return gone.length === SCAN_ENTRIES;
}

/** The same. What was copied again is remembered by its newest copy. */
async function forgetCopies(views: Views, start: number): Promise<boolean> {
  const gone = await views.scan(copyKey(0), copyKey(start), SCAN_ENTRIES);
  const changes: ViewChange[] = gone.map(({ key }) => ({ key }));
  for (const { key, value } of gone) {
    const settled = settledKey(readOrigin(value));
    const known = views.get(settled);
    if (known !== undefined && readSettled(known).place === readPlace(key)) changes.push({ key: settled });
  }
  if (changes.length > 0) await views.write(changes);
  return gone.length === SCAN_ENTRIES;
}
