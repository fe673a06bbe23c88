import type { ServerHttp2Stream } from "node:http2";
import type { ServerDuplexStream } from "@grpc/grpc-js";
import { callerGone } from "./call-errors.js";
import type { Stream, StreamEvents } from "./channel.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import { FRAME_HEAD_BYTES, type FramePool, FrameReader, writeFrameHead } from "./grpc-frames.js";
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
  readonly #reader: FrameReader;
  readonly #pool: FramePool;
  readonly #clock: Clock;
  readonly #stalledMs: number;
  readonly #writer: GrpcWriter;
  readonly #onClosed: () => void;
  #events: StreamEvents<Buffer> | null = null;
  #writable = true;
  #result: LogwheelError | null | undefined;
  #closed = false;
  #paused = false;
  #delivering = false;
  /** The caller writes no more. */
  #ended = false;
  #cancelStall: (() => void) | null = null;

  constructor(
    call: ServerDuplexStream<Buffer, Buffer>,
    options: {
      readonly clock: Clock;
      readonly stalledMs: number;
      readonly budget: WriteBudget;
      readonly pool: FramePool;
      /** Larger messages are refused. */
      readonly receiveBytesMax: number;
      readonly onClosed: () => void;
    },
  ) {
    this.#call = call;
    this.#http2 = takeOverStream(call);
    this.#reader = new FrameReader(options.receiveBytesMax);
    this.#pool = options.pool;
    this.#clock = options.clock;
    this.#stalledMs = options.stalledMs;
    this.#onClosed = options.onClosed;
    this.#writer = new GrpcWriter(this.#http2, options.budget, {
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
    this.#http2.on("data", (chunk: Buffer) => {
      if (!this.#listening) return;
      this.#reader.push(chunk);
      this.#deliver();
    });
    this.#http2.once("end", () => {
      this.#ended = true;
      this.#deliver();
    });
    if (!this.#paused) this.#http2.resume();
    if (this.#closed) queueMicrotask(() => events.close(this.#outcome()));
  }

  write(bytes: Buffer): boolean {
    if (!this.#writable || this.#closed) return false;
    const frame = this.#pool.take(FRAME_HEAD_BYTES + bytes.length);
    writeFrameHead(frame, bytes.length);
    frame.set(bytes, FRAME_HEAD_BYTES);
    return this.#writer.write(frame, this.#release);
  }

  end(): void {
    if (!this.#writable || this.#closed) return;
    this.#writable = false;
    this.#result = null;
    this.#call.end();
    this.#http2.resume();
  }

  fail(error: Error): void {
    if (this.#closed || this.#result !== undefined) return;
    this.#writable = false;
    this.#result = LogwheelError.from(error);
    this.#call.emit("error", statusOf(this.#result));
    this.#http2.resume();
  }

  pause(): void {
    this.#paused = true;
    if (this.#result === undefined) this.#http2.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#events === null) return;
    this.#deliver();
    if (!this.#paused) this.#http2.resume();
  }

  /** Hands on what has come, as far as it is wanted: a listener may pause between two messages of one chunk. */
  #deliver(): void {
    if (this.#delivering) return;
    this.#delivering = true;
    try {
      while (this.#listening && !this.#paused) {
        const message = this.#reader.next();
        if (message === null) {
          if (this.#ended) this.#events!.end?.();
          this.#ended = false;
          return;
        }
        this.#events!.message(message);
      }
    } catch (thrown) {
      this.fail(LogwheelError.from(thrown));
    } finally {
      this.#delivering = false;
    }
  }

  /** Whether messages still mean something to anybody. */
  get #listening(): boolean {
    return !this.#closed && this.#result === undefined;
  }

  readonly #release = (frame: Buffer): void => this.#pool.give(frame);

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
    this.#writer.close();
    this.#onClosed();
    this.#events?.close(this.#outcome());
  }

  #outcome(): LogwheelError | null {
    return this.#result === undefined ? callerGone() : this.#result;
  }
}
