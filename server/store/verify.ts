import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import { wouldWriteSame } from "./comparison.js";
import { writeIndexAgain } from "./consume-index.js";
import { changesDue, dueChanges } from "./due-entry.js";
import { DueExpectation } from "./due-expectation.js";
import { keyIndexName } from "./key-index.js";
import { writeKeysAgain } from "./key-indexes.js";
import { levelViews, VIEWS_FOLDER } from "./level-views.js";
import { HEADER_BYTES, type Header, KIND } from "./record.js";
import { tornRange } from "./recovery.js";
import { NO_INDEX, reduceRecord } from "./replay.js";
import { type LogRange, type SalvageVisitor, salvage } from "./salvage.js";
import type { Segment } from "./segment.js";
import { segmentIndexName } from "./segment-index.js";
import { type SnapshotPart, State } from "./state.js";
import {
  type FoundDamage,
  type InspectProgress,
  openStoppedLog,
  type StoppedLog,
  wholeTo,
} from "./stopped-log.js";
import type { ViewsFolder } from "./views.js";

/** What a check of every byte of a log found. */
export interface VerifyReport {
  /** Log offsets of the first segment and behind the last whole record. */
  readonly logStart: number;
  readonly logEnd: number;
  /** Log offset up to which the log was once durable, as far as anything tells. */
  readonly durable: number;
  /** Highest log epoch. */
  readonly epoch: number;
  readonly segments: number;
  readonly records: number;
  readonly messages: number;
  /** Entries that are due some time, by the records. */
  readonly due: number;
  /** Bytes that should be records, and records that contradict others. A broker does not start on it, or does not serve it. */
  readonly damage: readonly FoundDamage[];
  /** Bytes that an operator gave up before. */
  readonly givenUp: readonly LogRange[];
  /** Index files and views that are missing or wrong. The broker makes those again that it cannot read. */
  readonly sideFiles: readonly { readonly file: string; readonly what: string }[];
  /** A write that a crash has torn: the next start cuts it. */
  readonly torn: LogRange | undefined;
}

/**
 * Checks every record of a stopped broker's log, that they do not contradict each other, and that the index files and views
 * say what the records say. Changes nothing, but that LevelDB puts its files in order. Fails as `openStoppedLog`; damage is in the report.
 */
export async function verifyStore(
  dataFiles: Files,
  {
    onProgress = () => {},
    views = levelViews(dataFiles),
  }: { onProgress?: (progress: InspectProgress) => void; views?: ViewsFolder } = {},
): Promise<VerifyReport> {
  const log = await openStoppedLog(dataFiles, views);
  try {
    return await new Verification(log, onProgress).run();
  } finally {
    await log.close();
  }
}

const UNCHECKED = "it cannot be checked where nothing can be written";

const PROGRESS_BYTES = 16 << 20;

class Verification {
  readonly #log: StoppedLog;
  readonly #onProgress: (progress: InspectProgress) => void;
  readonly #state = new State({ lossy: true });
  readonly #damage: FoundDamage[];
  readonly #givenUp: LogRange[] = [];
  readonly #sideFiles: { file: string; what: string }[] = [];
  readonly #due: DueExpectation;
  #records = 0;
  #messages = 0;
  #doneBytes = 0;

  constructor(log: StoppedLog, onProgress: (progress: InspectProgress) => void) {
    this.#log = log;
    this.#onProgress = onProgress;
    this.#damage = [...log.damage];
    this.#due = new DueExpectation(log.due?.found.mark?.logOffset);
  }

  async run(): Promise<VerifyReport> {
    const { segments, tail, mark } = this.#log;
    for (const [index, segment] of segments.entries()) await this.#verify(segment, index === 0);
    if (this.#damage.length === 0) await this.#verifyDue();
    const logEnd = tail === undefined ? 0 : Math.max(tail.scanned.end, wholeTo(this.#log, tail.segment));
    if (mark > logEnd)
      this.#damage.push({
        file: tail?.segment.name ?? "log",
        from: logEnd,
        to: mark,
        what: `the log ends here, but it was flushed up to ${mark} at least: a file is missing`,
      });
    return {
      logStart: segments[0]?.start ?? 0,
      logEnd,
      durable: mark,
      epoch: tail?.epoch ?? 0,
      segments: segments.length,
      records: this.#records,
      messages: this.#messages,
      due: this.#due.pending,
      damage: this.#damage,
      givenUp: this.#givenUp,
      sideFiles: this.#sideFiles,
      torn: tail === undefined || mark > tail.scanned.end ? undefined : await tornRange(tail),
    };
  }

  async #verify(segment: Segment, first: boolean): Promise<void> {
    const before = this.#damage.length;
    const to = wholeTo(this.#log, segment);
    await salvage(segment, to, this.#visitor(segment, to, first));
    this.#doneBytes += segment.end - segment.start;
    this.#tell(segment, 0);
    const sealed = segment !== this.#log.tail?.segment;
    if (sealed && this.#damage.length === before) await this.#verifySideFiles(segment);
  }

  #visitor(segment: Segment, to: number, first: boolean): SalvageVisitor {
    const opening = new State();
    let toldAt = segment.start;
    return {
      record: (header, bytes, at) => {
        this.#records++;
        if (header.kind === KIND.message) this.#message(segment, header);
        if (changesDue(header.kind))
          this.#due.add(header.logOffset, dueChanges(header, bytes, at + HEADER_BYTES, at + header.length));
        if (header.kind === KIND.damage)
          this.#givenUp.push({ from: header.logOffset, to: header.logOffset + header.length });
        if (header.kind === KIND.snapshot && !first) this.#snapshot(segment, header, bytes, at, opening);
        else reduceRecord(segment, header, bytes, at, this.#state, NO_INDEX);
        if (header.logOffset < toldAt + PROGRESS_BYTES) return;
        toldAt = header.logOffset;
        this.#tell(segment, toldAt - segment.start);
      },
      damage: (range) => {
        const what = range.to < to ? "no whole record" : "no whole record up to the end";
        this.#damage.push({ file: segment.name, ...range, what });
      },
    };
  }

  /** Without damage a queue's messages follow each other. */
  #message(segment: Segment, header: Header): void {
    this.#messages++;
    const queue = this.#state.queueOf(header);
    if (header.queueOffset === queue.nextOffset || this.#lossy) return;
    this.#contradiction(
      segment,
      header,
      `offset ${header.queueOffset} of queue ${queue.id} of ${queue.topic.name} comes where ${queue.nextOffset} should`,
    );
  }

  /** Without damage the snapshot that opens a segment says what the records before it add up to. */
  #snapshot(segment: Segment, header: Header, bytes: Buffer, at: number, opening: State): void {
    reduceRecord(segment, header, bytes, at, opening, NO_INDEX);
    if (this.#lossy) reduceRecord(segment, header, bytes, at, this.#state, NO_INDEX);
    else if (!header.more && told(opening) !== told(this.#state))
      this.#contradiction(segment, header, "the snapshot is not what the records before it add up to");
  }

  get #lossy(): boolean {
    return this.#damage.length > 0 || this.#givenUp.length > 0;
  }

  #contradiction(segment: Segment, { logOffset, length }: Header, what: string): void {
    this.#damage.push({ file: segment.name, from: logOffset, to: logOffset + length, what });
  }

  async #verifyDue(): Promise<void> {
    const { due } = this.#log;
    if (due === undefined) return void this.#sideFiles.push({ file: VIEWS_FOLDER, what: UNCHECKED });
    const what = await this.#due.fault(due.found).catch((thrown: unknown) => {
      if (LogwheelError.is(thrown, "LOG_CORRUPT")) return thrown.message;
      throw thrown;
    });
    if (what !== undefined) this.#sideFiles.push({ file: VIEWS_FOLDER, what });
  }

  async #verifySideFiles(segment: Segment): Promise<void> {
    const { files } = this.#log;
    const names = new Set(await files.list());
    for (const [name, write] of [
      [segmentIndexName(segment.start), writeIndexAgain],
      [keyIndexName(segment.start), writeKeysAgain],
    ] as const)
      if (!names.has(name)) this.#sideFiles.push({ file: name, what: "it is missing" });
      else if (!(await wouldWriteSame(files, name, (into) => write(into, segment))))
        this.#sideFiles.push({ file: name, what: "it does not say what the records say" });
  }

  #tell(segment: Segment, doneInIt: number): void {
    const totalBytes = this.#log.segments.reduce((sum, { start, end }) => sum + end - start, 0);
    this.#onProgress({ file: segment.name, doneBytes: this.#doneBytes + doneInIt, totalBytes });
  }
}

/** A state in a form that can be compared; what producers sent is forgotten after a while, so it is left out. */
function told(state: State): string {
  const parts = [...state.snapshot(Number.NEGATIVE_INFINITY)];
  return JSON.stringify(parts.map(({ producers: _, ...part }: SnapshotPart) => part));
}
