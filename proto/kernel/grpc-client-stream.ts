import { type ClientDuplexStream, type Metadata, type StatusObject, status } from "@grpc/grpc-js";
import type { Stream, StreamEvents } from "./channel.js";
import { LogwheelError } from "./errors.js";
import { readOneAhead } from "./grpc-internals.js";
import { isFromServer, textOf } from "./grpc-status.js";
import { GrpcWriter, type WriteBudget } from "./grpc-writer.js";
import { checkProtocol, PROTOCOL_HEADER } from "./protocol-version.js";

type Call = ClientDuplexStream<Buffer, Buffer>;

/**
 * Client side of a gRPC stream, in bytes. What is written may still be read after `write` returned, until the other side
 * has answered to it or the stream is over.
 */
export class GrpcClientStream implements Stream<Buffer, Buffer> {
  readonly #call: Call;
  readonly #writer: GrpcWriter;
  readonly #errorOf: (status: StatusObject) => LogwheelError;
  readonly #onClosed: () => void;
  #events: StreamEvents<Buffer> | null = null;
  #writable = true;
  #read = false;
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
      if (!this.#closed && this.#failure === null) events.message(bytes);
    });
    this.#call.once("end", () => this.#onEnd());
    if (this.#paused) this.#call.pause();
  }

  write(bytes: Buffer): boolean {
    return this.#writable ? this.#writer.write(bytes) : false;
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
    this.#call.pause();
  }

  resume(): void {
    this.#paused = false;
    if (this.#events !== null) this.#call.resume();
  }

  #meet(metadata: Metadata): void {
    try {
      checkProtocol(textOf(metadata, PROTOCOL_HEADER), "client");
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
    else if (this.#read) this.#settle(result);
  }

  #onEnd(): void {
    this.#read = true;
    if (this.#closed || this.#failure !== null) return;
    this.#events?.end?.();
    if (this.#status !== null) this.#settle(this.#status);
  }

  #settle(result: StatusObject): void {
    this.#over(result.code === status.OK ? null : this.#errorOf(result));
  }

  #over(error: LogwheelError | null): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.close();
    this.#onClosed();
    this.#events?.close(error);
  }
}
