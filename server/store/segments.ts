import { LogwheelError } from "../../proto/kernel/errors.js";
import type { File, Files } from "../disk/files.js";
import { readSegmentHeader, SEGMENT_HEADER_BYTES, Segment, segmentHeader, segmentName } from "./segment.js";

const SPARES_KEPT = 2;
const ZERO_STEP_BYTES = 1 << 20;
const ZERO_SYNC_BYTES = 16 << 20;
const ZEROS = Buffer.alloc(ZERO_STEP_BYTES);
const SEGMENT_NAME = /^\d{20}\.log$/;
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
  #zeroing: Promise<void> | undefined;
  #zeroBudget = 0;

  private constructor(files: Files, bytes: number) {
    this.#files = files;
    this.#bytes = bytes;
  }

  /** Opens what is there. A file gets a segment's name only after its header is durable, so another header is damage. */
  static async open(files: Files, bytes: number): Promise<Segments> {
    const segments = new Segments(files, bytes);
    const names = await files.list();
    for (const name of names.filter((each) => SPARE_NAME.test(each))) await segments.#adoptSpare(name);
    const logs = names.filter((each) => SEGMENT_NAME.test(each));
    for (const name of logs) await segments.#openSegment(name);
    return segments;
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
    const spare = this.#spares.shift() ?? (await this.#newSpare());
    await spare.file.write([segmentHeader(start, this.#bytes)], 0);
    await spare.file.sync();
    await this.#files.rename(spare.name, segmentName(start));
    await this.#files.syncNames();
    const segment = new Segment(start, this.#bytes, spare.file);
    this.#list.push(segment);
    return segment;
  }

  /** Takes the oldest segment out of the log: a spare from now on, or gone. The log keeps at least one. */
  async dropFirst(): Promise<Segment> {
    const segment = this.#list.shift()!;
    await segment.idle();
    if (this.#spares.length < SPARES_KEPT && segment.end - segment.start === this.#bytes) {
      const name = `spare-${++this.#spareNumber}.log`;
      await this.#files.rename(segmentName(segment.start), name);
      await this.#files.syncNames();
      this.#spares.push({ name, file: segment.file, zeroed: this.#bytes });
    } else {
      await segment.file.close();
      await this.#files.remove(segmentName(segment.start));
      await this.#files.syncNames();
    }
    return segment;
  }

  /** Takes the newest segment back: recovery found nothing whole in it. */
  async dropLast(): Promise<void> {
    const segment = this.#list.pop()!;
    const name = `spare-${++this.#spareNumber}.log`;
    await this.#files.rename(segmentName(segment.start), name);
    await this.#files.syncNames();
    this.#spares.push({ name, file: segment.file, zeroed: this.#bytes });
  }

  /**
   * Lets zeros be written ahead for as many bytes as the log has grown, while no recycled file is free. Failures are
   * left for `add` to meet.
   */
  grown(bytes: number): void {
    const spare = this.#spares[0];
    if (spare !== undefined && spare.zeroed >= this.#bytes) return;
    this.#zeroBudget += bytes + (bytes >> 2);
    if (this.#zeroBudget < ZERO_STEP_BYTES || this.#zeroing !== undefined) return;
    this.#zeroing = this.#zeroAhead()
      .catch(() => {})
      .finally(() => (this.#zeroing = undefined));
  }

  async close(): Promise<void> {
    await this.#stopZeroing();
    for (const { file } of [...this.#list, ...this.#spares]) await file.close();
  }

  async #zeroAhead(): Promise<void> {
    const spare = this.#spares[0] ?? (await this.#newSpare());
    if (this.#spares.length === 0) this.#spares.push(spare);
    while (this.#zeroBudget >= ZERO_STEP_BYTES && spare.zeroed < this.#bytes) {
      this.#zeroBudget -= ZERO_STEP_BYTES;
      const step = Math.min(ZERO_STEP_BYTES, this.#bytes - spare.zeroed);
      await spare.file.write([ZEROS.subarray(0, step)], spare.zeroed);
      spare.zeroed += step;
      if (spare.zeroed % ZERO_SYNC_BYTES === 0) await spare.file.sync();
    }
  }

  async #stopZeroing(): Promise<void> {
    this.#zeroBudget = 0;
    await this.#zeroing;
  }

  async #newSpare(): Promise<Spare> {
    const name = `spare-${++this.#spareNumber}.log`;
    const file = await this.#files.create(name);
    await file.resize(this.#bytes);
    return { name, file, zeroed: 0 };
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

  async #openSegment(name: string): Promise<void> {
    const start = Number(name.slice(0, 20));
    const file = await this.#files.open(name);
    const where = `${this.#files.path}/${name}`;
    const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
    const read = await file.read(bytes, 0);
    const header = readSegmentHeader(bytes.subarray(0, read), where);
    if (header === undefined || header.start !== start)
      throw damaged(where, "its first 64 bytes are no segment header for its name");
    const before = this.last;
    if (before !== undefined && before.end !== start)
      throw damaged(where, `the segment before it ends at ${before.end}: a file between them is missing`);
    this.#list.push(new Segment(start, header.bytes, file));
  }
}

function damaged(where: string, what: string): LogwheelError {
  return new LogwheelError(
    "LOG_CORRUPT",
    `${where}: ${what}; restore the folder from a backup, or move the files from there on away to start without them`,
  );
}
