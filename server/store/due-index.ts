import { LogwheelError } from "../../proto/kernel/errors.js";
import { type DueChange, type DueEntry, NEVER } from "./due-entry.js";
import {
  behind,
  between,
  compareDue,
  copyKey,
  DUE_END,
  type DueMark,
  type DuePlace,
  droppedKey,
  dueKey,
  entryByOrigin,
  entryOf,
  halfKey,
  originKey,
  readOrigin,
  readSettled,
  settledKey,
} from "./due-keys.js";
import { DueOverlay } from "./due-overlay.js";
import { copiesIn, type DueBatch, forgetBelow, isEmpty, originsIn } from "./due-scan.js";
import { DueSoon } from "./due-soon.js";
import { writeChanges, writeMark } from "./due-writes.js";
import { KIND } from "./record.js";
import type { Views, ViewsFolder } from "./views.js";

/** Entries in memory that are due next, and how many of them are read at once. */
const SOON_ENTRIES = 131_072;
const LOAD_ENTRIES = 16_384;
/** How far ahead of the time that was asked for they are read. */
const AHEAD_MS = 60_000;

/** The due index as a start has found or made it. */
export interface DueFound {
  readonly folder: ViewsFolder;
  /** Undefined while there is nothing. */
  readonly views: Views | undefined;
  /** The newest mark in the views. */
  readonly mark: DueMark | undefined;
  /** Entries in the views, and the bytes of their records. */
  readonly pending: number;
  readonly pendingBytes: number;
}

/** What the due index needs from the store around it. */
export interface DueIndexDeps extends DueFound {
  /** So many changes stay in memory, but where a segment is sealed: an entry that is settled meanwhile is never written. */
  readonly changesKept: number;
  /** Everything below survives a power cut. */
  durable(): number;
  /** Log offset of the oldest segment. */
  start(): number;
  /** The views failed: nothing may be stored any more. Returns what to tell whoever asked. */
  failed(thrown: unknown): LogwheelError;
}

/**
 * View of the log: what is stored and happens later, in the order of time.
 *
 * Changes are applied in the turn in which their record is appended. They stay in an overlay in memory until their records
 * are durable and there are many of them, or a segment is sealed; then they go to the views, which may lose what they
 * were given in a power cut. Invariant: the mark in the views never runs ahead of what they hold for sure. A start replays
 * the log from there.
 */
export class DueIndex {
  readonly #deps: DueIndexDeps;
  readonly #overlay = new DueOverlay();
  readonly #soon = new DueSoon(SOON_ENTRIES);
  /** Where segments begin, and what was pending there; until their mark is written. */
  #begun: Omit<DueMark, "durable">[] = [];
  #views: Views | undefined;
  #mark: DueMark | undefined;
  #pending: number;
  #pendingBytes: number;
  #settledBytes = 0;
  #forgottenTo = 0;
  #flushing = false;
  #failure: LogwheelError | undefined;
  /** Reads and writes of the views follow each other: what is merged with the overlay must not change meanwhile. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: DueIndexDeps) {
    this.#deps = deps;
    this.#views = deps.views;
    this.#mark = deps.mark;
    this.#pending = deps.pending;
    this.#pendingBytes = deps.pendingBytes;
  }

  /** Entries that are pending. */
  get pending(): number {
    return this.#pending;
  }

  /** Of the records that they came in with. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /** The same of all that was settled, or changed, since the start. */
  get settledBytes(): number {
    return this.#settledBytes;
  }

  /** When something may be due next, milliseconds since 1970; Infinity if nothing is pending. */
  get nextDueMs(): number {
    if (this.#pending === 0) return Number.POSITIVE_INFINITY;
    return this.#soon.first?.dueAtMs ?? this.#soon.horizon.dueAtMs;
  }

  /** Log offset up to which the views on the disk are complete. */
  get markedTo(): number {
    return this.#mark?.logOffset ?? 0;
  }

  /** The record at a log offset changes something. It was appended in this turn. */
  apply(logOffset: number, change: DueChange): void {
    this.#overlay.add(logOffset, change);
    if (change.op === "put") {
      this.#pending++;
      this.#pendingBytes += change.entry.bytes;
      this.#soon.put(change.entry);
    } else {
      this.#pending--;
      this.#pendingBytes -= change.entry.bytes;
      this.#settledBytes += change.entry.bytes;
      this.#soon.delete(change.entry);
    }
  }

  /** What is pending for an origin, in this turn. */
  find(origin: number): DueEntry | undefined {
    const known = this.#overlay.find(origin);
    if (known !== undefined) return known ?? undefined;
    const soon = this.#soon.find(origin);
    if (soon !== undefined || this.#views === undefined) return soon;
    const key = originKey(origin);
    const value = this.#get(key);
    return value === undefined ? undefined : entryByOrigin(key, value);
  }

  /** Whether the entry of an origin was settled with nothing in its place, as long as the log has its record, or a copy. */
  wasDropped(origin: number): boolean {
    if (this.#overlay.find(origin) !== undefined) return this.#overlay.dropped(origin);
    return this.#get(droppedKey(origin)) !== undefined || (this.#settled(origin)?.dropped ?? false);
  }

  /** Log offset of the record that holds the message of an origin, pending or settled, if the log still has one. */
  placeOf(origin: number): number {
    return (
      this.find(origin)?.place ?? this.#overlay.placeOf(origin) ?? this.#settled(origin)?.place ?? origin
    );
  }

  /** What is pending whose message came in, or was copied to, a log offset; it may have been copied on from there. */
  pendingAt(logOffset: number): DueEntry | undefined {
    const own = this.find(logOffset);
    if (own !== undefined) return own;
    const copied = this.#overlay.originOf(logOffset);
    if (copied !== undefined) return this.find(copied);
    const value = this.#get(copyKey(logOffset));
    return value === undefined ? undefined : this.find(readOrigin(value));
  }

  #settled(origin: number): ReturnType<typeof readSettled> | undefined {
    const value = this.#get(settledKey(origin));
    return value === undefined ? undefined : readSettled(value);
  }

  #get(key: Buffer): Buffer | undefined {
    try {
      return this.#views?.get(key);
    } catch (thrown) {
      throw this.#fail(thrown);
    }
  }

  /**
   * Entries that are pending, in due order, from a place up to a time: about `max` of them, and where to go on, undefined at the
   * end.
   */
  async list(
    from: DuePlace,
    toMs: number,
    max: number,
  ): Promise<{ entries: DueEntry[]; next: DuePlace | undefined }> {
    const to = { dueAtMs: toMs, origin: 0 };
    const [start, end] = [dueKey(from), dueKey(to)];
    const stored = await this.#alone(async () => (await this.#views?.scan(start, end, max)) ?? []);
    const next = stored.length < max ? undefined : behind(entryOf(stored.at(-1)!));
    const entries = stored.map(entryOf).filter(({ origin }) => this.#overlay.find(origin) === undefined);
    for (const entry of this.#overlay.pending()) if (between(entry, from, next ?? to)) entries.push(entry);
    return { entries: entries.sort(compareDue), next };
  }

  /** Halves that are pending, in the order of the log. */
  async halves(): Promise<DueEntry[]> {
    const stored = await this.#alone(() => this.#storedHalves());
    const kept = stored.filter(({ origin }) => this.#overlay.find(origin) === undefined);
    for (const entry of this.#overlay.pending()) if (entry.kind === KIND.half) kept.push(entry);
    return kept.sort((a, b) => a.origin - b.origin);
  }

  /**
   * Up to `max` entries that are due at `toMs` and pending, in due order; none only if there is none. At once where they are in
   * memory. They are given again until they are settled.
   */
  ready(toMs: number, max: number): DueEntry[] | Promise<DueEntry[]> {
    const entries = this.#soon.peek(toMs, max);
    if (entries.length > 0 || this.#soon.horizon.dueAtMs > toMs || this.#pending === 0) return entries;
    return this.#alone(() => this.#load(toMs)).then(() => this.ready(toMs, max));
  }

  /** A segment begins at this log offset. */
  begun(logOffset: number): void {
    this.#begun.push(this.#now(logOffset));
  }

  /** More records may be durable: forgets what came and went, and writes changes to the views if there are many. */
  advanced(): void {
    if (this.#flushing || this.#failure !== undefined) return;
    if (!this.#overlay.loose && this.#overlay.size <= this.#deps.changesKept) return;
    this.#flushing = true;
    const flushed = this.#alone(() => this.#shrink(this.#deps.durable()));
    flushed.catch(() => {}).finally(() => (this.#flushing = false));
  }

  /**
   * Writes the mark of a segment that is sealed and ends at this log offset. Never rejects: after a failure nothing is
   * stored any more.
   */
  async seal(logOffset: number): Promise<void> {
    const begun = this.#begun.find((each) => each.logOffset === logOffset);
    this.#begun = this.#begun.filter((each) => each.logOffset > logOffset);
    if (begun === undefined || (this.#views === undefined && this.#overlay.start >= logOffset)) return;
    await this.#alone(() => this.#writeMark({ ...begun, durable: this.#deps.durable() })).catch(() => {});
  }

  /**
   * Entries whose messages lie from log offset `from` to `to`, below the mark, in batches in the order of the log; those that
   * came in there first. What is settled while a batch is in hand is in it.
   */
  async *pendingIn(from: number, to: number): AsyncGenerator<DueEntry[]> {
    for (const read of [originsIn, copiesIn])
      for (let at: number | undefined = from; at !== undefined && this.#views !== undefined; ) {
        const [views, start]: [Views, number] = [this.#views, at];
        const { entries, next }: DueBatch = await this.#alone(() => read(views, start, to));
        yield entries.flatMap((entry) => {
          const known = this.#overlay.find(entry.origin);
          if (known === undefined) return [entry];
          return known !== null && known.place === entry.place ? [known] : [];
        });
        at = next;
      }
  }

  /**
   * Whether nothing depends on the records from log offset `from` to `to` any more, which is where a segment ends: so says
   * what is durable.
   */
  async spares(from: number, to: number): Promise<boolean> {
    const views = this.#views;
    if (views === undefined) return this.#overlay.start >= to;
    if (this.markedTo < to) return false;
    return this.#alone(async () => {
      if (await isEmpty(views, from, to)) return true;
      await this.#flush(this.#deps.durable());
      return isEmpty(views, from, to);
    });
  }

  /**
   * Waits for what is under way. Where everything below log offset `end` is durable and nothing lies behind it, the views get
   * what is in memory, too, so that the next start has nothing to replay. Damaged ones are taken away, and the next start
   * makes others.
   */
  async close(end?: number): Promise<void> {
    if (end !== undefined && this.#overlay.size > 0)
      this.#alone(() => this.#writeMark({ ...this.#now(end), durable: end })).catch(() => {});
    await this.#last.catch(() => {});
    await this.#views?.close();
    if (LogwheelError.is(this.#failure?.cause, "LOG_CORRUPT")) await this.#deps.folder.remove();
  }

  /** Most of what was put may be settled already, and short-lived objects cost the least: only the rest is worth a write. */
  async #shrink(to: number): Promise<void> {
    const { changesKept } = this.#deps;
    const crowded = this.#overlay.size > changesKept;
    this.#overlay.compact(to);
    if (crowded && this.#overlay.size > (changesKept * 3) / 4) await this.#flush(to);
  }

  async #flush(to: number): Promise<void> {
    this.#views ??= await this.#deps.folder.open();
    await writeChanges(this.#views, this.#overlay.net(to));
    this.#overlay.written(to);
  }

  async #storedHalves(): Promise<DueEntry[]> {
    const halves: DueEntry[] = [];
    for (let from = 0; this.#views !== undefined; from = halves.at(-1)!.origin + 1) {
      const found = await this.#views.scan(halfKey(from), halfKey(NEVER), LOAD_ENTRIES);
      for (const { key, value } of found) halves.push(entryByOrigin(key, value));
      if (found.length < LOAD_ENTRIES) break;
    }
    return halves;
  }

  #now(logOffset: number): Omit<DueMark, "durable"> {
    return { logOffset, pending: this.#pending, pendingBytes: this.#pendingBytes };
  }

  /** Forgets what is remembered of segments that are gone. */
  async #forget(start: number): Promise<void> {
    if (start === this.#forgottenTo) return;
    await forgetBelow(this.#views!, start);
    this.#forgottenTo = start;
  }

  async #writeMark(mark: DueMark): Promise<void> {
    await this.#flush(mark.logOffset);
    await this.#forget(this.#deps.start());
    await writeMark(this.#views!, mark);
    this.#mark = mark;
  }

  /** Reads on from the horizon. What was put meanwhile is in the overlay; if it has pulled the horizon down, this was in vain. */
  async #load(toMs: number): Promise<void> {
    const from = this.#soon.horizon;
    if (from.dueAtMs > toMs) return;
    const to = { dueAtMs: toMs + AHEAD_MS, origin: 0 };
    const stored = (await this.#views?.scan(dueKey(from), dueKey(to), LOAD_ENTRIES)) ?? [];
    if (this.#soon.horizon !== from) return;
    const entries = stored.map(entryOf);
    const horizon = entries.length < LOAD_ENTRIES ? await this.#nextFrom(to) : behind(entries.at(-1)!);
    if (this.#soon.horizon !== from) return;
    const kept = entries.filter(({ origin }) => this.#overlay.find(origin) === undefined);
    for (const entry of this.#overlay.pending()) if (between(entry, from, horizon)) kept.push(entry);
    this.#soon.extend(kept, horizon);
  }

  /** The first entry at or behind a place: nothing has to be read before that is due. */
  async #nextFrom(place: DuePlace): Promise<DuePlace> {
    const [stored] = (await this.#views?.scan(dueKey(place), DUE_END, 1)) ?? [];
    let next: DuePlace = stored === undefined ? { dueAtMs: NEVER, origin: 0 } : entryOf(stored);
    for (const entry of this.#overlay.pending())
      if (compareDue(entry, place) >= 0 && compareDue(entry, next) < 0) next = entry;
    return next;
  }

  /** Runs one thing with the views after the other. The first failure is the last thing. */
  #alone<T>(act: () => Promise<T>): Promise<T> {
    const done = this.#last.then(act).catch((thrown: unknown) => {
      throw this.#fail(thrown);
    });
    this.#last = done;
    done.catch(() => {});
    return done;
  }

  #fail(thrown: unknown): LogwheelError {
    this.#failure ??= this.#deps.failed(thrown);
    return this.#failure;
  }
}
