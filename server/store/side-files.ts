import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Files } from "../disk/files.js";
import { gone, type Segment } from "./segment.js";
import type { Segments } from "./segments.js";

/** One kind of file that stands beside sealed segments and follows from their records. */
export interface SideFileKind<Opened> {
  /** How its names end, for example `index`. */
  readonly suffix: string;
  /** LOG_CORRUPT if the file is missing or damaged. */
  open(start: number): Promise<Opened>;
  /** Writes the file anew from the segment's records, in the place of one that may be there. */
  write(segment: Segment): Promise<void>;
  /** Files that stay open at most, but for those in use. */
  readonly openMax: number;
}

/** A file that is being opened, or open. */
interface Holding<Opened> {
  readonly start: number;
  readonly opening: Promise<Opened>;
  /** Once it is open. */
  file: Opened | undefined;
  users: number;
  /** Nobody else gets it: it is closed when nobody uses it any more. */
  closing: Promise<void> | undefined;
  idle: () => void;
}

/**
 * The files of one kind: opened when they are asked for, and kept open, those that were used last.
 *
 * A file that is missing or damaged, found when it is opened or at any later read, is made again from its segment, once,
 * and then asked again. Any other failure is the caller's: a disk that cannot be read, or a process without descriptors,
 * is no reason to write files.
 */
export class SideFiles<Opened extends { close(): Promise<void> }> {
  readonly #files: Files;
  readonly #segments: Segments;
  readonly #kind: SideFileKind<Opened>;
  /** Longest unused first. */
  readonly #holdings = new Map<number, Holding<Opened>>();
  readonly #rebuilding = new Map<number, Promise<void>>();

  constructor(files: Files, segments: Segments, kind: SideFileKind<Opened>) {
    this.#files = files;
    this.#segments = segments;
    this.#kind = kind;
  }

  /**
   * What `run` says of the segment's file; at once if the file is open and `run` answers at once. `run` may be called
   * again after a failure. OFFSET_OUT_OF_RANGE if the segment was dropped; LOG_CORRUPT if a new file is damaged, too.
   */
  use<R>(segment: Segment, run: (file: Opened) => R | Promise<R>): R | Promise<R> {
    const holding = this.#holdings.get(segment.start);
    if (holding?.file === undefined) return this.#use(segment, run);
    this.#touch(holding);
    let answer: R | Promise<R>;
    try {
      answer = run(holding.file);
    } catch {
      return this.#use(segment, run);
    }
    return answer instanceof Promise ? this.#finish(segment, holding, answer, run) : answer;
  }

  /** Makes the segment's file again. Callers meanwhile share the work; who uses the old file may finish with it. */
  rebuild(segment: Segment): Promise<void> {
    let rebuilding = this.#rebuilding.get(segment.start);
    if (rebuilding === undefined) {
      rebuilding = this.#rebuild(segment).finally(() => this.#rebuilding.delete(segment.start));
      this.#rebuilding.set(segment.start, rebuilding);
    }
    return rebuilding;
  }

  /** Removes what crashes have left: files half written, and files of segments that are gone. */
  async sweep(): Promise<void> {
    const wanted = new Set(this.#segments.all.map(({ start }) => this.#nameOf(start)));
    const ours = new RegExp(`^\\d{20}\\.${this.#kind.suffix}(\\.new)?$`);
    for (const name of await this.#files.list())
      if (ours.test(name) && !wanted.has(name)) await this.#files.remove(name);
  }

  /** The segment is gone and its file goes with it. Resolves when nobody reads it any more. */
  async drop({ start }: Segment): Promise<void> {
    const holding = this.#holdings.get(start);
    if (holding !== undefined) await this.#retire(holding);
    if ((await this.#files.list()).includes(this.#nameOf(start)))
      await this.#files.remove(this.#nameOf(start));
  }

  /** Resolves when nobody reads any more and all files are closed. */
  async close(): Promise<void> {
    await Promise.all([...this.#holdings.values()].map((holding) => this.#retire(holding)));
  }

  #nameOf(start: number): string {
    return `${String(start).padStart(20, "0")}.${this.#kind.suffix}`;
  }

  async #use<R>(segment: Segment, run: (file: Opened) => R | Promise<R>): Promise<R> {
    const holding = this.#holdings.get(segment.start) ?? this.#open(segment);
    return this.#finish(
      segment,
      holding,
      holding.opening.then((file) => run(file)),
      run,
    );
  }

  /** Waits for an answer of the file in `holding`; asks once more if the file turns out to be damaged. */
  async #finish<R>(
    segment: Segment,
    holding: Holding<Opened>,
    answer: Promise<R>,
    run: (file: Opened) => R | Promise<R>,
  ): Promise<R> {
    holding.users++;
    try {
      return await answer;
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
    } finally {
      this.#release(holding);
    }
    const current = this.#holdings.get(segment.start);
    if (current === undefined || current === holding) await this.rebuild(segment);
    return this.#again(segment, run);
  }

  async #again<R>(segment: Segment, run: (file: Opened) => R | Promise<R>): Promise<R> {
    const holding = this.#holdings.get(segment.start) ?? this.#open(segment);
    holding.users++;
    try {
      return await run(await holding.opening);
    } finally {
      this.#release(holding);
    }
  }

  #open(segment: Segment): Holding<Opened> {
    if (this.#segments.at(segment.start) !== segment) throw gone(segment.start);
    const holding: Holding<Opened> = {
      start: segment.start,
      opening: this.#kind.open(segment.start),
      file: undefined,
      users: 0,
      closing: undefined,
      idle: () => {},
    };
    this.#holdings.set(segment.start, holding);
    holding.opening.then(
      (file) => (holding.file = file),
      () => this.#forget(holding),
    );
    for (const oldest of this.#holdings.values()) {
      if (this.#holdings.size <= this.#kind.openMax) break;
      this.#retire(oldest).catch(() => {});
    }
    return holding;
  }

  #touch(holding: Holding<Opened>): void {
    this.#holdings.delete(holding.start);
    this.#holdings.set(holding.start, holding);
  }

  #forget(holding: Holding<Opened>): void {
    if (this.#holdings.get(holding.start) === holding) this.#holdings.delete(holding.start);
  }

  #release(holding: Holding<Opened>): void {
    holding.users--;
    if (holding.users === 0) holding.idle();
  }

  /** Takes the file out of use; resolves when it is closed. */
  #retire(holding: Holding<Opened>): Promise<void> {
    this.#forget(holding);
    holding.closing ??= this.#closeWhenIdle(holding);
    return holding.closing;
  }

  async #closeWhenIdle(holding: Holding<Opened>): Promise<void> {
    if (holding.users > 0) await new Promise<void>((resolve) => (holding.idle = resolve));
    const file = await holding.opening.catch(() => undefined);
    await file?.close();
  }

  async #rebuild(segment: Segment): Promise<void> {
    if (this.#segments.at(segment.start) !== segment) throw gone(segment.start);
    await segment.reading(() => this.#kind.write(segment));
    const holding = this.#holdings.get(segment.start);
    if (holding !== undefined) this.#retire(holding).catch(() => {});
  }
}
