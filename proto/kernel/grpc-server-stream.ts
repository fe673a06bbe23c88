import type { ServerDuplexStream } from "@grpc/grpc-js";
import { callerGone } from "./call-errors.js";
import type { Stream, StreamEvents } from "./channel.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import { http2StreamOf, readOneAhead } from "./grpc-internals.js";
import { statusOf } from "./grpc-status.js";
import { GrpcWriter, type WriteBudget } from "./grpc-writer.js";

const NGHTTP2_CANCEL = 8;

/** Server side of a gRPC stream, in bytes. What is written is taken before `write` returns. */
export class GrpcServerStream implements Stream<Buffer, Buffer> {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #clock: Clock;
  readonly #stalledMs: number;
  readonly #writer: GrpcWriter;
  readonly #onClosed: () => void;
  #events: StreamEvents<Buffer> | null = null;
  #writable = true;
  #result: LogwheelError | null | undefined;
  #closed = false;
  #paused = false;
  #cancelStall: (() => void) | null = null;

  constructor(
    call: ServerDuplexStream<Buffer, Buffer>,
    options: {
      readonly clock: Clock;
      readonly stalledMs: number;
      readonly budget: WriteBudget;
      readonly onClosed: () => void;
    },
  ) {
    this.#call = call;
    this.#clock = options.clock;
    this.#stalledMs = options.stalledMs;
    this.#onClosed = options.onClosed;
    this.#writer = new GrpcWriter(call, options.budget, {
      drain: () => this.#events?.drain?.(),
      blocked: (blocked) => this.#watchStall(blocked),
      progress: () => {
        if (this.#cancelStall !== null) this.#watchStall(true);
      },
    });
    readOneAhead(call);
    call.once("cancelled", () => this.#over());
    call.once("close", () => this.#over());
  }

  listen(events: StreamEvents<Buffer>): void {
    this.#events = events;
    this.#call.on("data", (bytes: Buffer) => {
      if (!this.#closed && this.#result === undefined) events.message(bytes);
    });
    this.#call.on("end", () => {
      if (!this.#closed && this.#result === undefined) events.end?.();
    });
    if (this.#paused) this.#call.pause();
    if (this.#closed) queueMicrotask(() => events.close(this.#outcome()));
  }

  write(bytes: Buffer): boolean {
    if (!this.#writable || this.#closed) return false;
    return this.#writer.write(this.#writer.immediate ? bytes : Buffer.from(bytes));
  }

  end(): void {
    if (!this.#writable || this.#closed) return;
    this.#writable = false;
    this.#result = null;
    this.#call.end();
    this.#call.resume();
  }

  fail(error: Error): void {
    if (this.#closed || this.#result !== undefined) return;
    this.#writable = false;
    this.#result = LogwheelError.from(error);
    this.#call.emit("error", statusOf(this.#result));
    this.#call.resume();
  }

  pause(): void {
    this.#paused = true;
    if (this.#result === undefined) this.#call.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#events !== null) this.#call.resume();
  }

  #watchStall(blocked: boolean): void {
    this.#cancelStall?.();
    this.#cancelStall = blocked ? this.#clock.after(this.#stalledMs, () => this.#stalled()) : null;
  }

  /** The other side reads nothing: a polite end would wait behind what it does not read. */
  #stalled(): void {
    this.#cancelStall = null;
    this.fail(
      new LogwheelError(
        "THROTTLED",
        `the caller has read nothing for ${this.#stalledMs} ms; the stream is closed`,
      ),
    );
    http2StreamOf(this.#call)?.close(NGHTTP2_CANCEL);
  }

  #over(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writable = false;
    this.#cancelStall?.();
    this.#cancelStall = null;
    this.#writer.close();
    this.#onClosed();
    this.#events?.close(this.#outcome());
  }

  #outcome(): LogwheelError | null {
    return this.#result === undefined ? callerGone() : this.#result;
  }
}
