import type { Clock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { Segment } from "./segment.js";
import type { Segments } from "./segments.js";
import type { Slabs } from "./slabs.js";

/** When a send is answered: after the write and a sync of its segment, or after the write. */
export type Flush = "sync" | "async";

/** Batches up to this are written in the same turn: they go to the page cache, and a pool thread's hop costs more. */
const WRITE_NOW_BYTES = 128 << 10;

/** Async flush: a sync begins at so many unflushed bytes, or so long after the first of them. */
const FLUSH_BYTES = 8 << 20;
const FLUSH_MS = 500;

/** Async flush: nothing more is taken beyond so many unflushed bytes, or when the first of them is so old. */
const UNFLUSHED_BYTES_MAX = 64 << 20;
const UNFLUSHED_MS_MAX = 1_000;

/** What the writer tells and asks its owner. */
export interface WriterDeps {
  readonly segments: Segments;
  readonly slabs: Slabs;
  readonly clock: Clock;
  readonly flush: Flush;
  /** A batch is taken: what is appended from now on belongs to the next write. */
  taken(): void;
  /** `visible` rose. */
  advanced(): void;
  /** A segment is full, synced and closed for writing. */
  sealed(segment: Segment): void;
  /** A write or sync failed; nothing will be written any more. */
  failed(error: LogwheelError): void;
  /** After each write: its bytes and milliseconds, and those of its sync if it had one. */
  measured?(bytes: number, writeMs: number, syncMs: number): void;
}

type Run = (error: LogwheelError | null) => void;

/**
 * The single writer of the commit log: what is appended while one batch is written (and synced) forms the next batch,
 * so that many sends cost one sync.
 *
 * Invariant: after a failed write or sync the state of the file is unknown (the page cache may hold bytes that the disk
 * lacks, and a second sync would hide that), so nothing is written or synced any more until a restart.
 * A batch is all that is appended at the time, so it ends where a group of records ends.
 */
export class Writer {
  readonly #deps: WriterDeps;
  readonly #waiting: { target: number; run: Run }[] = [];
  #waitingHead = 0;
  #written: number;
  #durable: number;
  #draining = false;
  #idle: (() => void)[] = [];
  #syncing: Promise<void> | undefined;
  #unflushedSinceMs = 0;
  #cancelFlush: (() => void) | undefined;
  #failure: LogwheelError | undefined;

  constructor(deps: WriterDeps, end: number) {
    this.#deps = deps;
    this.#written = end;
    this.#durable = end;
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

  /** Whether flushing lags so far behind that nothing more should be accepted. */
  get behind(): boolean {
    if (this.#deps.flush === "sync" || this.#unflushedSinceMs === 0) return false;
    if (this.#written - this.#durable >= UNFLUSHED_BYTES_MAX) return true;
    return this.#deps.clock.monotonicMs() - this.#unflushedSinceMs > UNFLUSHED_MS_MAX;
  }

  /** Something was appended: writes it after the current turn, or after the write under way. */
  wake(): void {
    if (this.#draining || this.#failure !== undefined) return;
    this.#draining = true;
    queueMicrotask(() => void this.#drain());
  }

  /** Calls `run` when everything below `target` is acknowledged, at once if it is, in the order of the targets. */
  settled(target: number, run: Run): void {
    if (this.#failure !== undefined) run(this.#failure);
    else if (target <= this.visible) run(null);
    else this.#waiting.push({ target, run });
  }

  /** Resolves when all that was appended is written and synced; rejects if that failed. */
  async flush(): Promise<void> {
    if (this.#draining) await new Promise<void>((resolve) => this.#idle.push(resolve));
    if (this.#failure === undefined && this.#durable < this.#written) await this.#sync();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #drain(): Promise<void> {
    try {
      for (let batch = this.#take(); batch.pieces.length > 0; batch = this.#take()) await this.#write(batch);
    } catch (thrown) {
      this.#fail(thrown);
    }
    this.#draining = false;
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
    this.#written = to;
    const writtenMs = clock.monotonicMs();
    if (this.#deps.flush === "sync") {
      await segment.file.sync();
      this.#durable = to;
      this.#deps.measured?.(to - from, writtenMs - startedMs, clock.monotonicMs() - writtenMs);
    } else {
      this.#flushSoon();
      this.#deps.measured?.(to - from, writtenMs - startedMs, 0);
    }
    segments.grown(to - from);
    this.#advance();
  }

  /** The next segment's first byte is written only after the last byte of the one before is durable. */
  async #roll(full: Segment): Promise<Segment> {
    const to = this.#written;
    await this.#syncing;
    if (this.#failure !== undefined) throw this.#failure;
    await full.file.sync();
    this.#durableTo(to);
    this.#deps.sealed(full);
    return this.#deps.segments.add(full.end);
  }

  #advance(): void {
    const visible = this.visible;
    const waiting = this.#waiting;
    while (this.#waitingHead < waiting.length && waiting[this.#waitingHead]!.target <= visible)
      waiting[this.#waitingHead++]!.run(null);
    if (this.#waitingHead === waiting.length) {
      waiting.length = 0;
      this.#waitingHead = 0;
    } else if (this.#waitingHead > 1_024) {
      waiting.splice(0, this.#waitingHead);
      this.#waitingHead = 0;
    }
    this.#deps.advanced();
  }

  #flushSoon(): void {
    const { clock } = this.#deps;
    if (this.#unflushedSinceMs === 0) this.#unflushedSinceMs = clock.monotonicMs();
    if (this.#written - this.#durable >= FLUSH_BYTES) void this.#sync();
    else this.#cancelFlush ??= clock.after(FLUSH_MS, () => void this.#sync());
  }

  /** Syncs the newest segment. What counts as durable afterwards is what was written before the call. */
  #sync(): Promise<void> {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    this.#syncing ??= this.#syncOnce().finally(() => (this.#syncing = undefined));
    return this.#syncing;
  }

  async #syncOnce(): Promise<void> {
    if (this.#failure !== undefined) return;
    const to = this.#written;
    const nextSinceMs = this.#deps.clock.monotonicMs();
    try {
      await this.#deps.segments.last!.file.sync();
    } catch (thrown) {
      return this.#fail(thrown);
    }
    this.#durableTo(to);
    if (this.#durable < this.#written) {
      this.#unflushedSinceMs = nextSinceMs;
      this.#cancelFlush ??= this.#deps.clock.after(FLUSH_MS, () => void this.#sync());
    }
  }

  #durableTo(to: number): void {
    if (to > this.#durable) this.#durable = to;
    if (this.#durable === this.#written) this.#unflushedSinceMs = 0;
  }

  #fail(thrown: unknown): void {
    if (this.#failure !== undefined) return;
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    this.#failure = new LogwheelError("STORE_FAILED", `writing the commit log failed: ${reason}`, {
      cause: thrown,
    });
    this.#cancelFlush?.();
    this.#deps.failed(this.#failure);
    for (const { run } of this.#waiting.splice(this.#waitingHead)) run(this.#failure);
    this.#waiting.length = 0;
    this.#waitingHead = 0;
  }
}
