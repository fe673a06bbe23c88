import { CODE } from "../http2/frames.js";
import type { Http2Stream } from "../http2/stream.js";
import { callerGone } from "./call-errors.js";
import type { Stream, StreamEvents } from "./channel.js";
import type { Clock } from "./clock.js";
import { type StatusTrailers, trailersOf } from "./error-trailers.js";
import { LogwheelError, status } from "./errors.js";
import { FrameFlow } from "./frame-flow.js";
import { DONE_BLOCK, GREETING_BLOCK, statusBlock } from "./grpc-blocks.js";
import { type Deadlines, EXPIRED } from "./grpc-deadlines.js";
import { FRAME_HEAD_BYTES, writeFrameHead } from "./grpc-frames.js";
import { parseTimeout, TIMEOUT_HEADER } from "./grpc-timeout.js";
import type { WriteBudget } from "./grpc-writer.js";

/** What streams need of their server. */
export interface ServerStreamDeps {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  readonly stalledMs: number;
  readonly budget: WriteBudget;
  /** Larger messages are refused. */
  readonly receiveBytesMax: number;
}

/** Copied before anybody else can write into it. */
const HEAD = Buffer.alloc(FRAME_HEAD_BYTES);

/** Server side of a gRPC stream, in bytes. What is written is taken before `write` returns. */
export class GrpcServerStream implements Stream<Buffer, Buffer> {
  readonly #http2: Http2Stream;
  readonly #flow: FrameFlow;
  readonly #deps: ServerStreamDeps;
  readonly #onClosed: () => void;
  #events: StreamEvents<Buffer> | null = null;
  #writable = true;
  #result: LogwheelError | null | undefined;
  #closed = false;
  #told = false;
  #paused = false;
  /** The caller writes no more. */
  #ended = false;
  /** Bytes that wait, as the budget has them. */
  #queuedBytes = 0;
  #blocked = false;
  #cancelStall: (() => void) | null = null;
  #progressMs = 0;
  #deadline: number | undefined;

  constructor(http2: Http2Stream, deps: ServerStreamDeps, onClosed: () => void) {
    this.#http2 = http2;
    this.#deps = deps;
    this.#onClosed = onClosed;
    this.#flow = new FrameFlow(http2, deps.receiveBytesMax, {
      message: (bytes) => this.#events?.message(bytes),
      failed: (thrown) => this.fail(LogwheelError.from(thrown)),
      caughtUp: (ended) => this.#caughtUp(ended),
    });
    http2.attach({
      data: (bytes, start, end) => this.#data(bytes.subarray(start, end)),
      told() {},
      end: () => this.#flow.end(),
      progress: () => this.#progress(),
      closed: () => this.#over(),
    });
  }

  /** Greets the caller, and keeps the time that it gives; false, and it is over, if that is none. */
  begin(): boolean {
    const timeout = this.#http2.headers.get(TIMEOUT_HEADER);
    if (timeout !== undefined) {
      const timeoutMs = parseTimeout(timeout);
      if (timeoutMs === undefined) {
        this.#break(status.INTERNAL, `grpc-timeout is ${JSON.stringify(timeout)}, which is no time`);
        return false;
      }
      this.#deadline = this.#deps.deadlines.add(this, timeoutMs);
    }
    this.#http2.respond(GREETING_BLOCK);
    return true;
  }

  listen(events: StreamEvents<Buffer>): void {
    this.#events = events;
    if (!this.#paused) this.#resume();
    if (this.#closed) this.#tellClosed();
  }

  write(bytes: Buffer): boolean {
    if (!this.#writable || this.#closed) return false;
    writeFrameHead(HEAD, bytes.length);
    const waited = this.#queuedBytes > 0;
    this.#http2.write(HEAD, bytes);
    const queuedBytes = this.#count();
    if (queuedBytes > 0 && !waited) this.#waits();
    if (queuedBytes < this.#deps.budget.streamBytesMax) return !this.#closed;
    this.#blocked = true;
    return false;
  }

  end(): void {
    if (!this.#writable || this.#closed) return;
    this.#writable = false;
    this.#result = null;
    this.#flow.stop();
    this.#http2.end(DONE_BLOCK);
  }

  fail(error: Error): void {
    const failure = LogwheelError.from(error);
    this.#fail(failure, trailersOf(failure));
  }

  pause(): void {
    this.#paused = true;
    this.#flow.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#events !== null) this.#resume();
  }

  /** The caller's time is over. */
  expire(): void {
    this.#break(status.DEADLINE_EXCEEDED, EXPIRED);
  }

  #resume(): void {
    this.#flow.resume();
    this.#http2.hold(this.#flow.heldBytes);
  }

  #data(bytes: Buffer): void {
    this.#flow.push(bytes);
    this.#http2.hold(this.#flow.heldBytes);
  }

  /** Ends it with a status that is no error of ours; the handler hears that its caller has gone. */
  #break(code: number, details: string): void {
    this.#fail(callerGone(), { status: code, details, trailers: {} });
  }

  #fail(failure: LogwheelError, told: StatusTrailers): void {
    if (this.#closed || this.#result !== undefined) return;
    this.#writable = false;
    this.#result = failure;
    this.#flow.stop();
    this.#http2.end(statusBlock(told, !this.#http2.responded));
  }

  #caughtUp(ended: boolean): void {
    if (!ended || this.#ended) return;
    this.#ended = true;
    this.#events?.end?.();
  }

  /** Some of what waited has gone. */
  #progress(): void {
    const queuedBytes = this.#count();
    this.#progressMs = this.#deps.clock.monotonicMs();
    // Behind the end nobody waits for room.
    if (!this.#blocked || !this.#writable || queuedBytes > this.#deps.budget.streamBytesMax / 2) return;
    this.#blocked = false;
    this.#events?.drain?.();
  }

  /** Keeps the budget; the bytes that wait. */
  #count(): number {
    const { queuedBytes } = this.#http2;
    this.#deps.budget.queuedBytes += queuedBytes - this.#queuedBytes;
    this.#queuedBytes = queuedBytes;
    return queuedBytes;
  }

  /** Something waits for the caller from now on. What it takes in time costs one timer in that time, or none. */
  #waits(): void {
    this.#progressMs = this.#deps.clock.monotonicMs();
    if (this.#cancelStall === null && !this.#closed) this.#watchStall(this.#deps.stalledMs);
  }

  #watchStall(afterMs: number): void {
    this.#cancelStall = this.#deps.clock.after(afterMs, () => {
      this.#cancelStall = null;
      if (this.#queuedBytes === 0) return;
      const idleMs = this.#deps.clock.monotonicMs() - this.#progressMs;
      if (idleMs < this.#deps.stalledMs) this.#watchStall(this.#deps.stalledMs - idleMs);
      else this.#stalled();
    });
  }

  /** The other side reads nothing: a polite end would wait behind what it does not read. */
  #stalled(): void {
    this.#result ??= new LogwheelError(
      "THROTTLED",
      `the caller has read nothing for ${this.#deps.stalledMs} ms; the stream is closed`,
    );
    this.#http2.reset(CODE.cancel);
  }

  #over(): void {
    this.#closed = true;
    this.#writable = false;
    this.#cancelStall?.();
    if (this.#deadline !== undefined) this.#deps.deadlines.remove(this, this.#deadline);
    this.#flow.stop();
    this.#count();
    this.#onClosed();
    if (this.#events !== null) this.#tellClosed();
  }

  /** Not in the turn of a call of `end` or `write`, whose caller may be in the middle of something. */
  #tellClosed(): void {
    if (this.#told) return;
    this.#told = true;
    const error = this.#result === undefined ? callerGone() : this.#result;
    queueMicrotask(() => this.#events?.close(error));
  }
}
