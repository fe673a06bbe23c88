import { LogwheelError } from "../../proto/kernel/errors.js";
import type { File, Files } from "../disk/files.js";
import { covers, damageFound, fillDamage } from "./damage.js";
import type { LogRange } from "./salvage.js";
import {
  firstRecord,
  readSegmentHeader,
  SEGMENT_HEADER_BYTES,
  SEGMENT_NAME,
  Segment,
  segmentHeader,
  segmentName,
} from "./segment.js";

const SPARES_KEPT = 2;
const ZERO_STEP_BYTES = 1 << 20;
const ZERO_SYNC_BYTES = 16 << 20;
const ZEROS = Buffer.alloc(ZERO_STEP_BYTES);
const SPARE_NAME = /^spare-(\d+)\.log$/;

/** A file that will be a segment: of the right size, its old content worthless. */
interface Spare {
  readonly name: string;
  readonly file: File;
  /** Bytes that are known to have blocks on the disk. */
  zeroed: number;
}

/**
 * The files of the commit log, oldest first, without a gap.
 *
 * A dropped segment becomes a spare and the next segment (its blocks exist already, which is worth half the write rate);
 * while there is none, zeros are written ahead into a new file at the pace of the log. What a spare held is told from
 * new records by their own log offset and epoch.
 */
export class Segments {
  readonly #files: Files;
  readonly #bytes: number;
  readonly #list: Segment[] = [];
  readonly #spares: Spare[] = [];
  #spareNumber = 0;
  #sparesKept = SPARES_KEPT;
  #zeroing: Promise<void> | undefined;
  #zeroBudget = 0;
  #zeroingFailed = false;
  /** Why no segment is dropped any more. */
  #stuck: unknown;

  private constructor(files: Files, bytes: number) {
    this.#files = files;
    this.#bytes = bytes;
  }

  /**
   * Opens what is there. A file gets a segment's name only after its header is durable, so another header is damage, and
   * a missing file is: LOG_CORRUPT, unless that range is `accepted`. Names are made durable that a crash found unsynced.
   */
  static async open(files: Files, bytes: number, accepted?: LogRange): Promise<Segments> {
    const segments = new Segments(files, bytes);
    try {
      const names = await files.list();
      for (const name of names.filter((each) => SPARE_NAME.test(each))) await segments.#adoptSpare(name);
      const logs = names.filter((each) => SEGMENT_NAME.test(each));
      for (const name of logs) await segments.#openSegment(name, accepted);
      if (logs.length > 0) await files.syncNames();
      return segments;
    } catch (thrown) {
      await segments.close();
      throw thrown;
    }
  }

  get all(): readonly Segment[] {
    return this.#list;
  }

  get first(): Segment | undefined {
    return this.#list[0];
  }

  get last(): Segment | undefined {
    return this.#list.at(-1);
  }

  get spares(): number {
    return this.#spares.length;
  }

  /** The segment that holds a log offset. */
  at(logOffset: number): Segment | undefined {
    const index = this.indexAt(logOffset);
    return index < 0 ? undefined : this.#list[index];
  }

  /** Its place in `all`; -1 where retention has dropped it, or beyond the end. */
  indexAt(logOffset: number): number {
    let low = 0;
    let high = this.#list.length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const segment = this.#list[middle]!;
      if (logOffset < segment.start) high = middle - 1;
      else if (logOffset >= segment.end) low = middle + 1;
      else return middle;
    }
    return -1;
  }

  /** Makes the next segment, beginning at `start`. When this resolves its name and header survive a power cut. */
  async add(start: number): Promise<Segment> {
    await this.#stopZeroing();
    this.#zeroingFailed = false;
    const spare = this.#spares.shift() ?? (await this.#newSpare());
    try {
      await spare.file.write([segmentHeader(start, this.#bytes)], 0);
      await spare.file.sync();
      await this.#files.rename(spare.name, segmentName(start));
      await this.#files.syncNames();
    } catch (thrown) {
      await spare.file.close().catch(() => {});
      throw thrown;
    }
    const segment = new Segment(start, this.#bytes, spare.file);
    this.#list.push(segment);
    return segment;
  }

  /**
   * Takes the oldest segment out of the log: a spare from now on, or gone. The log keeps at least one. After a failure to
   * make that durable no more are taken: a later one must not be gone while an older one may come back.
   */
  async dropFirst(): Promise<Segment> {
    if (this.#stuck !== undefined) throw this.#stuck;
    return this.#takeOut(this.first!);
  }

  /** Takes the newest segment back: recovery found nothing whole in it. */
  async dropLast(): Promise<void> {
    await this.#takeOut(this.last!);
  }

  /** Whether files are kept for the segments to come. A disk that is short needs their room more: those there are go. */
  async keepSpares(kept: boolean): Promise<void> {
    this.#sparesKept = kept ? SPARES_KEPT : 0;
    if (kept) return;
    await this.#stopZeroing();
    for (const spare of this.#spares.splice(0)) await this.#giveUp(spare);
  }

  /**
   * Lets zeros be written ahead for as many bytes as the log has grown, while no recycled file is free. After a failure
   * the file is given up, and `add` makes another.
   */
  grown(bytes: number): void {
    const spare = this.#spares[0];
    if (this.#sparesKept === 0 || this.#zeroingFailed || (spare !== undefined && spare.zeroed >= this.#bytes))
      return;
    this.#zeroBudget += bytes + (bytes >> 2);
    if (this.#zeroBudget < ZERO_STEP_BYTES || this.#zeroing !== undefined) return;
    this.#zeroing = this.#zeroAhead()
      .catch(() => {
        this.#zeroingFailed = true;
      })
      .finally(() => (this.#zeroing = undefined));
  }

  /** What was to be durable was synced, or its failure told, before: closing has nothing to add. */
  async close(): Promise<void> {
    await this.#stopZeroing();
    for (const { file } of [...this.#list, ...this.#spares]) await file.close().catch(() => {});
  }

  async #zeroAhead(): Promise<void> {
    if (this.#spares.length === 0) this.#spares.push(await this.#newSpare());
    const spare = this.#spares[0]!;
    try {
      while (this.#zeroBudget >= ZERO_STEP_BYTES && spare.zeroed < this.#bytes) {
        this.#zeroBudget -= ZERO_STEP_BYTES;
        const step = Math.min(ZERO_STEP_BYTES, this.#bytes - spare.zeroed);
        await spare.file.write([ZEROS.subarray(0, step)], spare.zeroed);
        spare.zeroed += step;
        if (spare.zeroed % ZERO_SYNC_BYTES === 0) await spare.file.sync();
      }
    } catch (thrown) {
      this.#spares.splice(this.#spares.indexOf(spare), 1);
      await this.#giveUp(spare);
      throw thrown;
    }
  }

  async #stopZeroing(): Promise<void> {
    this.#zeroBudget = 0;
    await this.#zeroing;
  }

  async #newSpare(): Promise<Spare> {
    const name = this.#spareName();
    const spare = { name, file: await this.#files.create(name), zeroed: 0 };
    try {
      await spare.file.resize(this.#bytes);
    } catch (thrown) {
      await this.#giveUp(spare);
      throw thrown;
    }
    return spare;
  }

  async #giveUp({ name, file }: Spare): Promise<void> {
    await file.close().catch(() => {});
    await this.#files.remove(name).catch(() => {});
  }

  #spareName(): string {
    return `spare-${++this.#spareNumber}.log`;
  }

  async #takeOut(segment: Segment): Promise<Segment> {
    const name = segmentName(segment.start);
    const kept = this.#spares.length < this.#sparesKept && segment.end - segment.start === this.#bytes;
    const spare = kept ? this.#spareName() : undefined;
    if (spare === undefined) await this.#files.remove(name);
    else await this.#files.rename(name, spare);
    try {
      await this.#files.syncNames();
    } catch (thrown) {
      this.#stuck = thrown;
      throw thrown;
    }
    this.#list.splice(this.#list.indexOf(segment), 1);
    await segment.retire();
    if (spare === undefined) await segment.file.close();
    else this.#spares.push({ name: spare, file: segment.file, zeroed: this.#bytes });
    if (this.#sparesKept === 0) await this.keepSpares(false);
    return segment;
  }

  async #adoptSpare(name: string): Promise<void> {
    this.#spareNumber = Math.max(this.#spareNumber, Number(SPARE_NAME.exec(name)![1]));
    const file = await this.#files.open(name);
    if ((await file.size()) === this.#bytes && this.#spares.length < SPARES_KEPT) {
      this.#spares.push({ name, file, zeroed: this.#bytes });
      return;
    }
    await file.close();
    await this.#files.remove(name);
  }

  async #openSegment(name: string, accepted: LogRange | undefined): Promise<void> {
    const start = Number(name.slice(0, 20));
    await this.#closeGap(start, accepted);
    const file = await this.#files.open(name);
    try {
      this.#list.push(new Segment(start, await this.#sizeOf(file, start, accepted), file));
    } catch (thrown) {
      await file.close();
      throw thrown;
    }
  }

  /** Bytes of a segment, by its header. */
  async #sizeOf(file: File, start: number, accepted: LogRange | undefined): Promise<number> {
    const where = `${this.#files.path}/${segmentName(start)}`;
    const head = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const read = await file.read(head, 0);
    const header = readSegmentHeader(head.subarray(0, read), where);
    if (header !== undefined && header.start === start) return header.bytes;
    const range = { from: start, to: start + SEGMENT_HEADER_BYTES };
    if (!covers(accepted, range))
      throw damageFound(where, "its first 64 bytes are no segment header for its name", range);
    const bytes = Math.max(await file.size(), this.#bytes);
    await file.write([segmentHeader(start, bytes)], 0);
    await file.sync();
    return bytes;
  }

  /** The log must go on at `start`: a missing file is damage, and if it is given up an empty segment takes its place. */
  async #closeGap(start: number, accepted: LogRange | undefined): Promise<void> {
    const from = this.last?.end ?? start;
    if (from === start) return;
    const where = `${this.#files.path}/${segmentName(start)}`;
    if (from > start)
      throw new LogwheelError(
        "LOG_CORRUPT",
        `${where}: the segment before it reaches to ${from}; one of the two does not belong here, restore the folder from a backup`,
      );
    const gap = { from, to: start };
    if (!covers(accepted, gap))
      throw damageFound(where, `the segment before it ends at ${from}: a file between them is missing`, gap);
    const spare = await this.#newSpare();
    const lost = new Segment(from, start - from, spare.file);
    await spare.file.write([segmentHeader(from, start - from)], 0);
    await fillDamage(lost, { from: firstRecord(lost), to: lost.end }, NOTHING_KNOWN);
    await this.#files.rename(spare.name, segmentName(from));
    await this.#files.syncNames();
    this.#list.push(lost);
  }
}

/** What is known of records that are lost with their file. */
const NOTHING_KNOWN = { epoch: 0, storedAtMs: 0 };
