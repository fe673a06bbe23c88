import { type DueEntry, NEVER } from "./due-entry.js";
import {
  BEGINNING,
  copyKey,
  DUE_END,
  droppedKey,
  dueKey,
  entryByOrigin,
  entryOf,
  halfKey,
  originKey,
  readBytes,
  readKind,
  readOrigin,
  readPlace,
  readSettled,
  settledKey,
} from "./due-keys.js";
import { KIND } from "./record.js";
import type { ViewChange, ViewEntry, Views } from "./views.js";

/** More at a time takes longer: they would outlive a collection of garbage. */
const SCAN_ENTRIES = 4_096;

/** A batch of entries, and the log offset to go on from; undefined at the end. */
export interface DueBatch {
  readonly entries: DueEntry[];
  readonly next: number | undefined;
}

/** All entries in the views, in due order, in batches. */
export async function* entriesOf(views: Views): AsyncGenerator<DueEntry[]> {
  for await (const found of scanned(views, dueKey(BEGINNING), DUE_END)) yield found.map(entryOf);
}

/** What is in the views. */
export interface DueCount {
  readonly pending: number;
  readonly pendingBytes: number;
  readonly fault: string | undefined;
}

/**
 * Reads the entries in the views in due order; returns how many there are, the bytes of their records, and what is wrong, if so: halves of transactions
 * that do not stand where they are looked for. LOG_CORRUPT for contents that are not what was written. The entries by
 * origin would take as long again; they were written together with these.
 */
export async function countEntries(views: Views): Promise<DueCount> {
  let pending = 0;
  let pendingBytes = 0;
  let halves = 0;
  for await (const found of scanned(views, dueKey(BEGINNING), DUE_END)) {
    pending += found.length;
    for (const { value } of found) {
      pendingBytes += readBytes(value);
      if (readKind(value) === KIND.half) halves++;
    }
  }
  let halvesByOrigin = 0;
  for await (const found of scanned(views, halfKey(0), halfKey(NEVER))) halvesByOrigin += found.length;
  const fault = `it has ${halves} halves by time and ${halvesByOrigin} by origin`;
  return { pending, pendingBytes, fault: halves === halvesByOrigin ? undefined : fault };
}

async function* scanned(views: Views, from: Buffer, to: Buffer): AsyncGenerator<ViewEntry[]> {
  for (let at = from; ; ) {
    const found = await views.scan(at, to, SCAN_ENTRIES);
    yield found;
    if (found.length < SCAN_ENTRIES) return;
    at = Buffer.concat([found.at(-1)!.key, Buffer.of(0)]);
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
