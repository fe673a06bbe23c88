import type { ClientHttp2Stream } from "node:http2";
import { type ClientDuplexStream, type Metadata, type StatusObject, status } from "@grpc/grpc-js";
import type { Stream, StreamEvents } from "./channel.js";
import { LogwheelError } from "./errors.js";
import { FrameFlow } from "./frame-flow.js";
import { readOneAhead, takeOverClientStream } from "./grpc-internals.js";
import { isFromServer, textOf } from "./grpc-status.js";
import { GrpcWriter, type WriteBudget } from "./grpc-writer.js";
import { RECEIVE_BYTES_MAX } from "./limits.js";
import { checkProtocol, PROTOCOL_HEADER } from "./protocol-version.js";

type Call = ClientDuplexStream<Buffer, Buffer>;

/**
 * Client side of a gRPC stream, in bytes. What is written may still be read after `write` returned, until the other side
 * has answered to it or the stream is over.
 *
 * The library opens the call and tells how it ended. Once the server has greeted, messages go past it, straight over the
 * HTTP/2 stream: on its own way each of them is copied twice and waits for several turns of the event loop.
 */
export class GrpcClientStream implements Stream<Buffer, Buffer> {
  readonly #call: Call;
  readonly #writer: GrpcWriter;
  readonly #errorOf: (status: StatusObject) => LogwheelError;
  readonly #onClosed: () => void;
  #events: StreamEvents<Buffer> | null = null;
  /** Set once messages go past the library, and once those that are written do. */
  #http2: ClientHttp2Stream | null = null;
  #flow: FrameFlow | null = null;
  #writesPast = false;
  #writable = true;
  /** The library has read everything. */
  #read = false;
  /** So has the listener. */
  #ended = false;
  #status: StatusObject | null = null;
  #failure: LogwheelError | null = null;
  #closed = false;
  #paused = false;

  constructor(
    call: Call,
    options: {
      readonly budget: WriteBudget;
      readonly errorOf: (status: StatusObject) => LogwheelError;
      readonly onClosed: () => void;
    },
  ) {
    this.#call = call;
    this.#errorOf = options.errorOf;
    this.#onClosed = options.onClosed;
    this.#writer = new GrpcWriter(call, options.budget, {
      drain: () => this.#events?.drain?.(),
      blocked: () => {},
      progress: () => {},
    });
    readOneAhead(call);
    call.on("error", () => {});
    call.once("metadata", (metadata: Metadata) => this.#meet(metadata));
    call.once("status", (status: StatusObject) => this.#onStatus(status));
  }

  listen(events: StreamEvents<Buffer>): void {
    this.#events = events;
    this.#call.on("data", (bytes: Buffer) => {
      this.#message(bytes);
      this.#goPast();
    });
    this.#call.once("end", () => {
      this.#read = true;
      this.#onEnd();
    });
    if (this.#flow !== null) this.#flow.resume();
    if (this.#paused) this.pause();
  }

  write(bytes: Buffer): boolean {
    if (!this.#writable) return false;
    if (this.#http2 !== null && !this.#writesPast) this.#writesPast = this.#writer.goPast(this.#http2);
    return this.#writer.write(bytes);
  }

  end(): void {
    if (!this.#writable) return;
    this.#writable = false;
    this.#call.end();
  }

  fail(error: Error): void {
    if (this.#closed || this.#failure !== null) return;
    this.#writable = false;
    this.#failure = LogwheelError.from(error);
    this.#call.cancel();
    if (this.#status !== null) queueMicrotask(() => this.#over(this.#failure));
  }

  pause(): void {
    this.#paused = true;
    if (this.#flow === null) this.#call.pause();
    else this.#flow.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#events === null) return;
    if (this.#flow === null) this.#call.resume();
    else this.#flow.resume();
  }

  #message(bytes: Buffer): void {
    if (!this.#closed && this.#failure === null) this.#events?.message(bytes);
  }

  /** Leaves the library aside, once no message is on its way through it. It is still read to learn of the end. */
  #goPast(): void {
    if (this.#http2 !== null || this.#closed || this.#failure !== null || this.#status !== null) return;
    if (this.#call.readableLength > 0) return;
    const http2 = takeOverClientStream(this.#call);
    if (http2 === undefined) return;
    const flow = new FrameFlow(http2, RECEIVE_BYTES_MAX, {
      message: (bytes) => this.#message(bytes),
      failed: (thrown) => this.fail(LogwheelError.from(thrown)),
      caughtUp: () => this.#onEnd(),
    });
    http2.on("data", (chunk: Buffer) => flow.push(chunk));
    http2.once("end", () => flow.end());
    this.#http2 = http2;
    this.#flow = flow;
    if (this.#paused) this.#flow.pause();
    else if (this.#events !== null) this.#flow.resume();
    this.#call.resume();
  }

  #meet(metadata: Metadata): void {
    try {
      checkProtocol(textOf(metadata, PROTOCOL_HEADER), "client");
      this.#goPast();
    } catch (thrown) {
      this.fail(LogwheelError.from(thrown));
    }
  }

  /** A status that the server sent counts once all before it is read; a broken connection at once. */
  #onStatus(result: StatusObject): void {
    this.#status = result;
    this.#writable = false;
    if (this.#failure !== null) this.#over(this.#failure);
    else if (result.code !== status.OK && !isFromServer(result)) this.#over(this.#errorOf(result));
    else if (this.#ended) this.#settle(result);
  }

  #onEnd(): void {
    if (!this.#read || this.#ended || this.#closed || this.#failure !== null || this.#flow?.held) return;
    this.#ended = true;
    this.#events?.end?.();
    if (this.#status !== null) this.#settle(this.#status);
  }

  #settle(result: StatusObject): void {
    this.#over(result.code === status.OK ? null : this.#errorOf(result));
  }

  #over(error: LogwheelError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#flow?.stop();
    this.#writer.close();
    this.#onClosed();
    this.#events?.close(error);
  }
}
