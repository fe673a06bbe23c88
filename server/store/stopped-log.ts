import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import { CHECKPOINT_NAME, Checkpoint, type CheckpointState } from "./checkpoint.js";
import { DueRecovery } from "./due-recovery.js";
import { knownBy, lookAt, type Tail } from "./recovery.js";
import type { LogRange } from "./salvage.js";
import { readSegmentHeader, SEGMENT_HEADER_BYTES, SEGMENT_NAME, Segment } from "./segment.js";
import { LOG_FOLDER } from "./store-parts.js";
import type { ViewsFolder } from "./views.js";

/** Something wrong in a file of the log: in a range of log offsets, `to` not included. */
export interface FoundDamage extends LogRange {
  readonly file: string;
  readonly what: string;
}

/** How far long work on a log has come. */
export interface InspectProgress {
  /** The file that is being read. */
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

/** The log of a stopped broker, as it lies on the disk: nothing is mended or changed. */
export interface StoppedLog {
  /** The folder of the segments. */
  readonly files: Files;
  /** Oldest first; with gaps, where files are missing. */
  readonly segments: readonly Segment[];
  /** The last segment; undefined without any. */
  readonly tail: Tail | undefined;
  /** Log offset up to which the log was once durable, as far as anything tells. */
  readonly mark: number;
  /** The due index beside it, if it was asked for and the folder can be written: LevelDB opens no other. */
  readonly due: DueRecovery | undefined;
  /** Headers that are none, and gaps. */
  readonly damage: readonly FoundDamage[];
  /** Frees the folder. */
  close(): Promise<void>;
}

/**
 * Opens the log in a data folder while no broker can use it: CONFLICT if one does. UNSUPPORTED_VERSION if a newer
 * logwheel wrote it, BAD_REQUEST if there is no log. With `views`, opens those, too. A file system that can only be read is
 * taken for a copy, which needs no lock.
 */
export async function openStoppedLog(dataFiles: Files, views?: ViewsFolder): Promise<StoppedLog> {
  const locked = await lockUnlessReadOnly(dataFiles);
  const segments: Segment[] = [];
  let due: DueRecovery | undefined;
  const close = async (): Promise<void> => {
    await due?.close();
    for (const { file } of segments) await file.close();
    if (locked) await dataFiles.unlock();
  };
  try {
    if (locked && views !== undefined) due = await DueRecovery.open(views);
    return { ...(await look(dataFiles, segments, due)), due, close };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

async function lockUnlessReadOnly(files: Files): Promise<boolean> {
  try {
    await files.lock();
    return true;
  } catch (thrown) {
    if (!isReadOnly(thrown)) throw thrown;
    return false;
  }
}

function isReadOnly(thrown: unknown): boolean {
  if (!(thrown instanceof Error)) return false;
  return ("code" in thrown && thrown.code === "EROFS") || isReadOnly(thrown.cause);
}

async function look(
  dataFiles: Files,
  segments: Segment[],
  due: DueRecovery | undefined,
): Promise<Omit<StoppedLog, "close" | "due">> {
  const files = await dataFiles.folder(LOG_FOLDER);
  const damage = await openSegments(files, segments);
  const checkpoint = await readCheckpoint(dataFiles);
  const last = segments.at(-1);
  if (last === undefined && checkpoint === null)
    throw new LogwheelError("BAD_REQUEST", `${dataFiles.path} holds no log: is it the broker's data folder?`);
  const known = knownBy(checkpoint, due?.durable ?? 0);
  const tail = last === undefined ? undefined : await lookAt(last, known);
  return { files, segments, tail, mark: tail?.mark ?? known.mark, damage };
}

/** Log offset up to which a segment should hold records. */
export function wholeTo({ tail, mark }: StoppedLog, segment: Segment): number {
  if (segment !== tail?.segment) return segment.end;
  return tail.scanned.closed ? tail.scanned.end : Math.min(segment.end, Math.max(mark, tail.scanned.end));
}

async function readCheckpoint(files: Files): Promise<CheckpointState | null> {
  if (!(await files.list()).includes(CHECKPOINT_NAME)) return null;
  const checkpoint = await Checkpoint.open(files);
  await checkpoint.close();
  return checkpoint.state;
}

async function openSegments(files: Files, segments: Segment[]): Promise<FoundDamage[]> {
  const damage: FoundDamage[] = [];
  for (const name of (await files.list()).filter((each) => SEGMENT_NAME.test(each))) {
    const start = Number(name.slice(0, 20));
    const before = segments.at(-1)?.end ?? start;
    if (before < start)
      damage.push({ file: name, from: before, to: start, what: "a file before it is missing" });
    if (before > start)
      damage.push({ file: name, from: start, to: before, what: "it overlaps the file before" });
    segments.push(await openSegment(files, name, start, damage));
  }
  return damage;
}

async function openSegment(
  files: Files,
  name: string,
  start: number,
  damage: FoundDamage[],
): Promise<Segment> {
  const file = await files.open(name);
  try {
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const header = readSegmentHeader(head.subarray(0, await file.read(head, 0)), `${files.path}/${name}`);
    if (header?.start === start) return new Segment(start, header.bytes, file);
    const what = "its first bytes are no segment header for its name";
    damage.push({ file: name, from: start, to: start + SEGMENT_HEADER_BYTES, what });
    return new Segment(start, await file.size(), file);
  } catch (thrown) {
    await file.close();
    throw thrown;
  }
}
