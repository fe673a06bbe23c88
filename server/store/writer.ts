import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Segment } from "./segment.js";
import type { Segments } from "./segments.js";
import type { Slabs } from "./slabs.js";
import { type Reached, Waiters } from "./waiters.js";

/** When a send is answered: after the write and a sync of its segment, or after the write. */
export type Flush = "sync" | "async";

/** Batches up to this are written in the same turn: they go to the page cache, and a pool thread's hop costs more. */
const WRITE_NOW_BYTES = 128 << 10;

/** How far flushing may lag behind: that of everything in async flush, that of group positions in sync flush. */
export interface FlushLimits {
  /** A sync begins so long after the first unflushed byte at the latest. */
  readonly flushMs: number;
  /** A sync begins at so many unflushed bytes. */
  readonly flushBytes: number;
  /** Async flush: nothing more should be taken at so many unflushed bytes, */
  readonly unflushedBytesMax: number;
  /** or when the first of them is so old. */
  readonly unflushedMsMax: number;
}

/** What is promised unless it is told otherwise. */
export const FLUSH_LIMITS: FlushLimits = {
  flushMs: 500,
  flushBytes: 8 << 20,
  unflushedBytesMax: 64 << 20,
  unflushedMsMax: 1_000,
};

/** Who is told what the disk takes. */
export interface WriterMeter {
  /** One write: its bytes and milliseconds. */
  written(bytes: number, ms: number): void;
  /** One sync: its milliseconds. */
  synced(ms: number): void;
}

/** What the writer tells and asks its owner. */
export interface WriterDeps {
  readonly segments: Segments;
  readonly slabs: Slabs;
  readonly clock: Clock;
  readonly flush: Flush;
  readonly limits: FlushLimits;
  /** A batch is taken: what is appended from now on belongs to the next write. */
  taken(): void;
  /** `visible` rose, or more is durable. */
  advanced(): void;
  /** A segment is full, synced and closed for writing. */
  sealed(segment: Segment): void;
  /** A write or sync failed; nothing will be written any more. */
  failed(error: LogwheelError): void;
  readonly meter?: WriterMeter;
}

/**
 * The single writer of the commit log: what is appended while one batch is written (and synced) forms the next batch,
 * so that many sends cost one sync. In sync flush a batch that nobody needs on the disk is synced later, with what follows or
 * after `flushMs`.
 *
 * Invariant: after a failed write or sync the state of the file is unknown (the page cache may hold bytes that the disk
 * lacks, and a second sync would hide that), so nothing is written or synced any more until a restart.
 * A batch is all that is appended at the time, so it ends where a group of records ends.
 */
export class Writer {
  readonly #deps: WriterDeps;
  readonly #toBeVisible = new Waiters();
  readonly #toBeWritten = new Waiters();
  #written: number;
  #durable: number;
  /** Everything below is written, and was synced if that was needed. */
  #kept: number;
  /** Sync flush: everything below is wanted on the disk at once. */
  #needed = 0;
  #draining = false;
  #idle: (() => void)[] = [];
  #syncing: Promise<void> | undefined;
  /** When the first byte was written that is not synced yet. */
  #unflushedSinceMs: number | undefined;
  #cancelFlush: (() => void) | undefined;
  #failure: LogwheelError | undefined;

  /** Everything below `durable` is on disk. */
  constructor(deps: WriterDeps, durable: number) {
    this.#deps = deps;
    this.#written = durable;
    this.#durable = durable;
    this.#kept = durable;
  }

  /** Everything below has been written. */
  get written(): number {
    return this.#written;
  }

  /** Everything below survives a power cut. */
  get durable(): number {
    return this.#durable;
  }

  /** Everything below is acknowledged and may be consumed. */
  get visible(): number {
    return this.#deps.flush === "sync" ? this.#durable : this.#written;
  }

  get failure(): LogwheelError | undefined {
    return this.#failure;
  }

  /** Bytes up to `end` that wait to be acknowledged; positions of groups do not. */
  unsettled(end: number): number {
    return Math.max(0, (this.#deps.flush === "sync" ? this.#needed : end) - this.visible);
  }

  /** Whether flushing lags so far behind what was appended, up to `end`, that nothing more should be accepted. */
  isBehind(end: number): boolean {
    if (this.#deps.flush === "sync") return false;
    const { unflushedBytesMax, unflushedMsMax } = this.#deps.limits;
    if (end - this.#durable >= unflushedBytesMax) return true;
    const sinceMs = this.#unflushedSinceMs;
    return sinceMs !== undefined && this.#deps.clock.monotonicMs() - sinceMs > unflushedMsMax;
  }

  /**
   * Something was appended: writes it after the current turn, or after the write under way. Sync flush: everything below `needed` is synced
   * right behind that.
   */
  wake(needed: number): void {
    if (needed > this.#needed) this.#needed = needed;
    if (this.#draining || this.#failure !== undefined) return;
    this.#draining = true;
    queueMicrotask(() => void this.#drain());
  }

  /** Calls `run` when everything below `target` is acknowledged, at once if it is, in the order of the targets. */
  settled(target: number, run: Reached): void {
    if (this.#failure !== undefined) return run(this.#failure);
    if (target <= this.visible) return run(null);
    this.#toBeVisible.add(target, run);
    if (target > this.#needed) this.#needed = target;
    if (!this.#draining) this.#syncNeeded();
  }

  /**
   * Calls `run` when everything below `target` is written and so survives the end of this process, and what is needed on the disk is there;
   * at once if so.
   */
  whenWritten(target: number, run: Reached): void {
    if (this.#failure !== undefined) run(this.#failure);
    else if (target <= this.#kept) run(null);
    else this.#toBeWritten.add(target, run);
  }

  /** Resolves when all that was appended is written and synced; rejects if that failed. */
  async flush(): Promise<void> {
    if (this.#draining) await new Promise<void>((resolve) => this.#idle.push(resolve));
    await this.#syncTo(this.#written);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The log can no longer be trusted: whoever waits is told, and nothing is written or synced any more. */
  fail(thrown: unknown): void {
    if (this.#failure !== undefined) return;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    this.#failure = LogwheelError.is(thrown, "STORE_FAILED")
      ? thrown
      : new LogwheelError("STORE_FAILED", `writing the commit log failed: ${reason}`, { cause: thrown });
    this.#cancelFlush?.();
    this.#deps.failed(this.#failure);
    this.#toBeWritten.fail(this.#failure);
    this.#toBeVisible.fail(this.#failure);
  }

  async #drain(): Promise<void> {
    try {
      for (let batch = this.#take(); batch.pieces.length > 0; batch = this.#take()) {
        await this.#write(batch);
        if (this.#failure !== undefined) break;
      }
    } catch (thrown) {
      this.fail(thrown);
    }
    this.#draining = false;
    this.#syncNeeded();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  #take(): ReturnType<Slabs["pending"]> {
    this.#deps.taken();
    return this.#deps.slabs.pending(this.#written);
  }

  async #write({ from, to, pieces }: ReturnType<Slabs["pending"]>): Promise<void> {
    const { segments, clock } = this.#deps;
    const segment = from < segments.last!.end ? segments.last! : await this.#roll(segments.last!);
    const startedMs = clock.monotonicMs();
    const first = pieces[0]!;
    if (pieces.length === 1 && first.length <= WRITE_NOW_BYTES)
      segment.file.writeNow(first, from - segment.start);
    else await segment.file.write(pieces, from - segment.start);
    if (this.#failure !== undefined) return;
    this.#written = to;
    segments.grown(to - from);
    this.#deps.meter?.written(to - from, clock.monotonicMs() - startedMs);
    if (this.#syncWanted) await this.#syncTo(to);
    else {
      this.#flushSoon();
      // What is answered while a disk hangs would add to what a power cut takes.
      if (this.#deps.flush === "sync") await this.#syncing;
    }
    if (this.#failure !== undefined) return;
    this.#kept = to;
    this.#toBeWritten.reach(to);
    if (this.#deps.flush === "async") this.#advance();
  }

  /** Whether there is what sync flush is not to leave for later. */
  get #syncWanted(): boolean {
    return this.#deps.flush === "sync" && this.#needed > this.#durable;
  }

  #syncNeeded(): void {
    if (this.#syncWanted && this.#failure === undefined) void this.#sync();
  }

  /** The next segment's first byte is written only after the last byte of the one before is durable. */
  async #roll(full: Segment): Promise<Segment> {
    await this.#syncing;
    if (this.#durable < this.#written) await this.#sync();
    if (this.#failure !== undefined) throw this.#failure;
    this.#deps.sealed(full);
    return this.#deps.segments.add(full.end);
  }

  #advance(): void {
    this.#toBeVisible.reach(this.visible);
    this.#deps.advanced();
  }

  #flushSoon(): void {
    const { clock, limits } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#unflushedSinceMs ??= nowMs;
    if (this.#syncing !== undefined) return; // its end comes here again
    if (this.#written - this.#durable >= limits.flushBytes) void this.#sync();
    else
      this.#cancelFlush ??= clock.after(
        Math.max(0, this.#unflushedSinceMs + limits.flushMs - nowMs),
        () => void this.#sync(),
      );
  }

  /** Resolves when everything below `to`, which is written, is durable, or the log has failed. */
  async #syncTo(to: number): Promise<void> {
    // A sync that is under way covers only what was written before it began.
    while (this.#failure === undefined && this.#durable < to) await this.#sync();
  }

  /** Syncs the newest segment, or waits for the sync under way: there is never more than one. */
  #sync(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#syncing ??= this.#syncOnce();
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    if (this.#failure !== undefined) return;
    /** What counts as durable afterwards is what was written before the call. */
    const to = this.#written;
    const beganMs = this.#deps.clock.monotonicMs();
    try {
      await this.#deps.segments.last!.file.sync();
      this.#syncing = undefined;
      if (this.#failure !== undefined) return;
      this.#deps.meter?.synced(this.#deps.clock.monotonicMs() - beganMs);
      this.#durable = to;
      this.#unflushedSinceMs = to < this.#written ? beganMs : undefined;
      if (to < this.#written) this.#flushSoon();
      this.#advance();
    } catch (thrown) {
      this.#syncing = undefined;
      this.fail(thrown);
    }
  }
}
