import type { ServerHttp2Stream } from "node:http2";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { callerGone } from "./call-errors.js";
import type { Stream, StreamEvents } from "./channel.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import { FrameFlow } from "./frame-flow.js";
import { takeOverStream } from "./grpc-internals.js";
import { statusOf } from "./grpc-status.js";
import { GrpcWriter, type WriteBudget } from "./grpc-writer.js";

const NGHTTP2_CANCEL = 8;

/**
 * Server side of a gRPC stream, in bytes. What is written is taken before `write` returns.
 *
 * The library opens and closes the call; messages go past it, straight over the HTTP/2 stream: on its own way each of them
 * is copied twice and waits for several turns of the event loop.
 */
export class GrpcServerStream implements Stream<Buffer, Buffer> {
  readonly #call: ServerDuplexStream<Buffer, Buffer>;
  readonly #http2: ServerHttp2Stream;
  readonly #flow: FrameFlow;
  readonly #clock: Clock;
  readonly #stalledMs: number;
  readonly #writer: GrpcWriter;
  readonly #onClosed: () => void;
  #events: StreamEvents<Buffer> | null = null;
  #writable = true;
  #result: LogwheelError | null | undefined;
  #closed = false;
  #paused = false;
  /** The caller writes no more. */
  #ended = false;
  #cancelStall: (() => void) | null = null;

  constructor(
    call: ServerDuplexStream<Buffer, Buffer>,
    options: {
      readonly clock: Clock;
      readonly stalledMs: number;
      readonly budget: WriteBudget;
      /** Larger messages are refused. */
      readonly receiveBytesMax: number;
      readonly onClosed: () => void;
    },
  ) {
    this.#call = call;
    this.#http2 = takeOverStream(call);
    this.#flow = new FrameFlow(this.#http2, options.receiveBytesMax, {
      message: (bytes) => this.#events?.message(bytes),
      failed: (thrown) => this.fail(LogwheelError.from(thrown)),
      caughtUp: (ended) => this.#caughtUp(ended),
    });
    this.#clock = options.clock;
    this.#stalledMs = options.stalledMs;
    this.#onClosed = options.onClosed;
    this.#writer = new GrpcWriter({ http2: this.#http2 }, options.budget, {
      drain: () => this.#events?.drain?.(),
      blocked: (blocked) => this.#watchStall(blocked),
      progress: () => {
        if (this.#cancelStall !== null) this.#watchStall(true);
      },
    });
    call.once("cancelled", () => this.#over());
    call.once("close", () => this.#over());
  }

  listen(events: StreamEvents<Buffer>): void {
    this.#events = events;
    if (!this.#paused) this.#flow.resume();
    if (this.#closed) queueMicrotask(() => events.close(this.#outcome()));
  }

  write(bytes: Buffer): boolean {
    return this.#writable && !this.#closed ? this.#writer.write(bytes) : false;
  }

  end(): void {
    if (!this.#writable || this.#closed) return;
    this.#writable = false;
    this.#result = null;
    this.#call.end();
    this.#flow.stop();
  }

  fail(error: Error): void {
    if (this.#closed || this.#result !== undefined) return;
    this.#writable = false;
    this.#result = LogwheelError.from(error);
    this.#call.emit("error", statusOf(this.#result));
    this.#flow.stop();
  }

  pause(): void {
    this.#paused = true;
    this.#flow.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#events !== null) this.#flow.resume();
  }

  #caughtUp(ended: boolean): void {
    if (!ended || this.#ended) return;
    this.#ended = true;
    this.#events?.end?.();
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
    this.#http2.close(NGHTTP2_CANCEL);
  }

  #over(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writable = false;
    this.#cancelStall?.();
    this.#cancelStall = null;
    this.#flow.stop();
    this.#writer.close();
    this.#onClosed();
    this.#events?.close(this.#outcome());
  }

  #outcome(): LogwheelError | null {
    return this.#result === undefined ? callerGone() : this.#result;
  }
}
