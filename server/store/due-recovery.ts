import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { DueChange } from "./due-entry.js";
import type { DueFound } from "./due-index.js";
import { type DueMark, deleteEntry, MARK_KEY, putEntry, readMark, rememberSettled } from "./due-keys.js";
import { replayDue } from "./due-replay.js";
import { countEntries } from "./due-scan.js";
import { writeChanges, writeMark } from "./due-writes.js";
import type { Segment } from "./segment.js";
import type { DueRecords } from "./state.js";
import type { ViewChange, Views, ViewsFolder } from "./views.js";

/** The log that the due index is a view of, recovered. */
export interface DueLog {
  /** All of them, oldest first. */
  readonly segments: readonly Segment[];
  /** Log offset behind the last record. */
  readonly end: number;
  readonly records: DueRecords | undefined;
  /** Damage was given up: what the views say may not follow from what is left. */
  readonly lossy: boolean;
  readonly logger: Logger;
}

/** Entries that are pending, and the bytes of their records. */
type Pending = Pick<DueMark, "pending" | "pendingBytes">;

const NOTHING: Pending = { pending: 0, pendingBytes: 0 };

/** Brings the due index in the views up to the end of the log, and makes it again where nothing tells what it holds. */
export class DueRecovery {
  readonly #folder: ViewsFolder;
  readonly #exists: boolean;
  #views: Views | undefined;
  #mark: DueMark | undefined;
  /** Why the views do not count. */
  #lack: string | undefined;

  private constructor(folder: ViewsFolder, exists: boolean) {
    this.#folder = folder;
    this.#exists = exists;
  }

  /** Opens what is there. That it is damaged is no failure. */
  static async open(folder: ViewsFolder): Promise<DueRecovery> {
    const recovery = new DueRecovery(folder, await folder.exists());
    if (recovery.#exists) await recovery.#open();
    else recovery.#lack = "there is none";
    return recovery;
  }

  /** Log offset up to which the log was durable when the mark was written; 0 without one. */
  get durable(): number {
    return this.#mark?.durable ?? 0;
  }

  /** The views as they are, and why they do not count, if so. */
  get found(): { views: Views | undefined; mark: DueMark | undefined; lack: string | undefined } {
    return { views: this.#views, mark: this.#mark, lack: this.#lack };
  }

  /** Leaves in the views what the log says. */
  async recover(log: DueLog): Promise<DueFound> {
    const { segments, records } = log;
    const oldest = segments[0]!.start;
    const nothing = records === undefined || records.last < oldest;
    if (log.lossy) this.#lack = "damage in the log was given up";
    else if (this.#mark !== undefined && records === undefined)
      this.#lack = "it is of another log: this one never had anything due";
    else if (this.#mark !== undefined && this.#mark.logOffset < oldest)
      this.#lack = "its mark lies before the oldest segment";
    const pending = this.#lack === undefined ? await this.#takeUp(log, this.#mark!) : undefined;
    if (pending !== undefined) return this.#done(pending);
    if (this.#exists) await this.#remove();
    return nothing ? this.#done(NOTHING) : this.#rebuild(log, records);
  }

  async close(): Promise<void> {
    await this.#views?.close();
  }

  #done({ pending, pendingBytes }: Pending): DueFound {
    return { folder: this.#folder, views: this.#views, mark: this.#mark, pending, pendingBytes };
  }

  async #open(): Promise<void> {
    try {
      this.#views = await this.#folder.open();
      this.#mark = readMark(this.#views.get(MARK_KEY));
      if (this.#mark === undefined) this.#lack = "it has no mark";
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      this.#lack = thrown.message;
    }
  }

  /** Returns what is pending; undefined if the views have lost something, or hold what nobody wrote. */
  async #takeUp(log: DueLog, mark: DueMark): Promise<Pending | undefined> {
    try {
      const pending = await this.#replay(log, mark);
      if (this.#lack === undefined) return pending;
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      this.#lack = thrown.message;
    }
    return undefined;
  }

  /** What records behind the mark change; some of it may be there already. Returns what is pending. */
  async #replay(log: DueLog, mark: DueMark): Promise<Pending> {
    const { segments, end, records, logger } = log;
    const from = mark.logOffset;
    const behind = records !== undefined && records.last >= from;
    const more = behind ? await this.#apply(log, from) : UNCHANGED;
    const expected = {
      pending: mark.pending + more.pending,
      pendingBytes: mark.pendingBytes + more.pendingBytes,
    };
    const all = this.#views!.whole && !more.damaged ? expected : await this.#counted(expected, more.damaged);
    if (this.#lack !== undefined || !behind) return all;
    if (from < segments.at(-1)!.start) await this.#moveMark(end, all);
    logger.info({ from, to: end, pending: all.pending }, "replayed the due index");
    return all;
  }

  /** What is there, which has to be what is expected, unless records that change it are lost. */
  async #counted(expected: Pending, unsure: boolean): Promise<Pending> {
    const { fault, ...counted } = await countEntries(this.#views!);
    if (unsure || counted.pending === expected.pending) this.#lack = fault;
    else this.#lack = `it has ${counted.pending} entries where ${expected.pending} are pending`;
    return unsure ? counted : expected;
  }

  /** Anew, from the records: those that were dropped have left nothing that is due. */
  async #rebuild(log: DueLog, { first }: DueRecords): Promise<DueFound> {
    const { segments, end, logger } = log;
    this.#views = await this.#folder.open();
    const from = Math.max(segments[0]!.start, first);
    await this.#apply(log, from);
    const { pending, pendingBytes } = await countEntries(this.#views);
    await this.#moveMark(end, { pending, pendingBytes });
    const folder = this.#folder.path;
    logger.warn(
      { folder, reason: this.#lack, from, to: end, pending },
      "made the due index again from the log",
    );
    return this.#done({ pending, pendingBytes });
  }

  async #remove(): Promise<void> {
    await this.#views?.close();
    this.#views = undefined;
    this.#mark = undefined;
    await this.#folder.remove();
  }

  async #moveMark(logOffset: number, { pending, pendingBytes }: Pending): Promise<void> {
    this.#mark = { logOffset, pending, pendingBytes, durable: logOffset };
    await writeMark(this.#views!, this.#mark);
  }

  /** Applies what records from a log offset on change. */
  async #apply({ segments, end, logger }: DueLog, from: number): Promise<Applied> {
    let pending = 0;
    let pendingBytes = 0;
    let damaged = false;
    const damage = (range: object): void => {
      damaged = true;
      logger.warn(range, "what is due in a damaged range of the log is not known");
    };
    for await (const changes of replayDue(segments, { from, to: end }, damage)) {
      for (const { op, entry } of changes) {
        pending += op === "put" ? 1 : -1;
        pendingBytes += op === "put" ? entry.bytes : -entry.bytes;
      }
      await writeChanges(this.#views!, changes.flatMap(asWritten));
    }
    return { pending, pendingBytes, damaged };
  }
}

/** By how much more is pending. */
interface Applied extends Pending {
  /** Some of the records could not be read, so that this is not known. */
  readonly damaged: boolean;
}

const UNCHANGED: Applied = { pending: 0, pendingBytes: 0, damaged: false };

/** Nothing is left out because a later change takes it back: the views may hold any part of what is replayed. */
function asWritten({ op, entry, dropped = false }: DueChange): ViewChange[] {
  return op === "put" ? putEntry(entry) : [...deleteEntry(entry), ...rememberSettled(entry, dropped)];
}
