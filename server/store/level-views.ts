import type { Level } from "level";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import { checkedValue, uncheckedValue } from "./checked-value.js";
import { isAllInTables } from "./level-files.js";
import { checkTables } from "./level-table.js";
import type { ViewChange, ViewEntry, Views, ViewsFolder } from "./views.js";

/** Folder of the views, within the data folder. */
export const VIEWS_FOLDER = "views";

const OPTIONS = {
  keyEncoding: "buffer",
  valueEncoding: "buffer",
  /** Of a memtable and its log file: larger ones make fewer tables out of entries that come and go. */
  writeBufferSize: 16 << 20,
  maxFileSize: 8 << 20,
  compression: false,
} as const;

/** Sorts before every key of a view, and holds nothing that anybody reads. */
const FORCED_KEY = Buffer.of(0);
const NO_VALUE = Buffer.alloc(0);
/** Behind every key, so that no table overlaps with it. */
const EMPTY_RANGE = Buffer.of(0xff);
const READ_BYTES = 1 << 20;

/**
 * Views in LevelDB, in a folder beside the log. LevelDB checks no block that it reads: tables are checked when the
 * folder is opened, and each value has a checksum of its own. The package is loaded then, not before.
 */
export function levelViews(dataFiles: Files): ViewsFolder {
  const path = `${dataFiles.path}/${VIEWS_FOLDER}`;
  return {
    path,
    async exists() {
      if (!(await dataFiles.folders()).includes(VIEWS_FOLDER)) return false;
      const files = await dataFiles.folder(VIEWS_FOLDER);
      return (await files.list()).length > 0;
    },
    async open() {
      const { Level } = await import("level");
      const files = await dataFiles.folder(VIEWS_FOLDER);
      const whole = await isAllInTables(files);
      const level = new Level<Buffer, Buffer>(path, OPTIONS);
      await level.open().catch((thrown: unknown) => {
        throw isDamage(thrown) ? damage(path, thrown) : thrown;
      });
      try {
        await checkTables(files, tablesOf(level));
      } catch (thrown) {
        await level.close();
        throw told(path, thrown);
      }
      return new LevelViews(path, level, whole);
    },
    remove: async () => removeLevel(await dataFiles.folder(VIEWS_FOLDER)),
  };
}

/**
 * Removes LevelDB's files in an order that leaves nothing that could be opened: CURRENT names a manifest that is missing
 * until the last file but CURRENT is gone for good. Otherwise a log file that is left could be taken for the whole.
 */
async function removeLevel(files: Files): Promise<void> {
  const names = (await files.list()).filter((name) => name !== "CURRENT");
  const isManifest = (name: string): boolean => name.startsWith("MANIFEST-");
  await removeAll(files, names.filter(isManifest));
  await removeAll(
    files,
    names.filter((name) => !isManifest(name)),
  );
  await removeAll(
    files,
    (await files.list()).filter((name) => name === "CURRENT"),
  );
}

async function removeAll(files: Files, names: readonly string[]): Promise<void> {
  for (const name of names) await files.remove(name);
  await files.syncNames();
}

/** What the types of `level` leave out because browsers do not have it. */
interface ClassicLevel {
  compactRange(start: Buffer, end: Buffer): Promise<void>;
  getProperty(name: string): string;
}

/** Names of the files of which LevelDB says that they count. */
function tablesOf(level: Level<Buffer, Buffer>): string[] {
  const listed = (level as unknown as ClassicLevel).getProperty("leveldb.sstables");
  return [...listed.matchAll(/^ (\d+):/gm)].map(([, number]) => `${number!.padStart(6, "0")}.ldb`);
}

class LevelViews implements Views {
  readonly whole: boolean;
  readonly #path: string;
  readonly #level: Level<Buffer, Buffer>;

  constructor(path: string, level: Level<Buffer, Buffer>, whole: boolean) {
    this.whole = whole;
    this.#path = path;
    this.#level = level;
  }

  async write(changes: readonly ViewChange[], { sync = false } = {}): Promise<void> {
    const batch = this.#level.batch();
    for (const { key, value } of changes)
      if (value === undefined) batch.del(key);
      else batch.put(key, checkedValue(key, value));
    await this.#run(() => batch.write({ sync }));
  }

  /**
   * LevelDB syncs its tables but never the log file of a memtable that is full. A compaction of an empty range begins a new
   * memtable and waits until the one before is a table; it says nothing of failures, but the write behind it fails then.
   * That write is synced: if no new log file could be made, the memtable has stayed, and its log file is what gets synced.
   */
  async force(): Promise<void> {
    await this.#run(async () => {
      await (this.#level as unknown as ClassicLevel).compactRange(EMPTY_RANGE, EMPTY_RANGE);
      await this.#level.put(FORCED_KEY, NO_VALUE, { sync: true });
    });
  }

  get(key: Buffer): Buffer | undefined {
    try {
      const checked = this.#level.getSync(key);
      return checked === undefined ? undefined : uncheckedValue(key, checked);
    } catch (thrown) {
      throw told(this.#path, thrown);
    }
  }

  async scan(from: Buffer, to: Buffer, max: number): Promise<ViewEntry[]> {
    return this.#run(async () => {
      const iterator = this.#level.iterator({ gte: from, lt: to, highWaterMarkBytes: READ_BYTES });
      try {
        const entries: ViewEntry[] = [];
        while (entries.length < max) {
          const more = await iterator.nextv(max - entries.length);
          if (more.length === 0) break;
          for (const [key, checked] of more) entries.push({ key, value: uncheckedValue(key, checked) });
        }
        return entries;
      } finally {
        await iterator.close();
      }
    });
  }

  close(): Promise<void> {
    return this.#level.close();
  }

  async #run<T>(act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (thrown) {
      throw told(this.#path, thrown);
    }
  }
}

/** LOG_CORRUPT if LevelDB cannot read what it wrote, or it is not that; any other failure as it is. */
function told(path: string, thrown: unknown): unknown {
  const isDamaged = LogwheelError.is(thrown, "LOG_CORRUPT") || codesOf(thrown).includes("LEVEL_CORRUPTION");
  return isDamaged ? damage(path, thrown) : thrown;
}

/** What the operating system refuses for a reason that passes: the views may be whole. */
const REFUSED =
  /too many open files|no space left|permission denied|read-only file system|cannot allocate memory/i;

/** Whether a folder that could not be opened is damaged, and is to be made again from the log. */
function isDamage(thrown: unknown): boolean {
  const codes = codesOf(thrown);
  return !codes.includes("LEVEL_LOCKED") && !REFUSED.test(textOf(thrown));
}

function textOf(thrown: unknown): string {
  return thrown instanceof Error ? `${thrown.message} ${textOf(thrown.cause)}` : "";
}

function damage(path: string, thrown: unknown): LogwheelError {
  const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
  const what = cause instanceof Error ? cause.message : String(cause);
  return new LogwheelError("LOG_CORRUPT", `${path}: ${what}`, { cause: thrown });
}

/** The codes of an error and of what caused it. */
function codesOf(thrown: unknown): unknown[] {
  return thrown instanceof Error ? [(thrown as { code?: unknown }).code, ...codesOf(thrown.cause)] : [];
}
