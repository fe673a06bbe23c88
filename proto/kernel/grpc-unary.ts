import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Stream } from "node:http2";
import { status } from "@grpc/grpc-js";
import { CallEnd } from "./call-end.js";
import type { CallContext } from "./channel.js";
import type { Clock } from "./clock.js";
import { trailersOf } from "./error-trailers.js";
import { LogwheelError } from "./errors.js";
import { FRAME_HEAD_BYTES, FrameReader, writeFrameHead } from "./grpc-frames.js";
import { LIBRARY_MS_MAX, TIMEOUT_HEADER } from "./grpc-timeout.js";

/** What unary calls are answered with. */
export interface UnaryDeps {
  readonly clock: Clock;
  /** Larger requests are refused. */
  readonly receiveBytesMax: number;
  /** Headers of every answer beside those of gRPC. */
  readonly greeting: Readonly<Record<string, string>>;
  /** Answers a request; whatever it throws is told to the caller. */
  answer(path: string, request: Buffer, call: CallContext): Promise<Buffer>;
  /** A request of so many bytes is whole; its caller may still write. */
  requests(stream: ServerHttp2Stream, bytes: number): void;
  /** An answer of so many bytes goes out. */
  answers(stream: ServerHttp2Stream, bytes: number): void;
}

const CONTENT_TYPE = "application/grpc+proto";
const WAIT_FOR_TRAILERS = { waitForTrailers: true };
const DONE = { "grpc-status": 0 };

/**
 * One unary call, straight on its HTTP/2 stream. On the library's own way it costs two fifths more processor time: interceptors,
 * metadata read and written as objects, and several turns of the event loop (docs/adr/0009-unary-calls-past-the-library.md).
 */
export class UnaryCall {
  readonly #stream: ServerHttp2Stream;
  readonly #path: string;
  readonly #headers: IncomingHttpHeaders;
  readonly #deps: UnaryDeps;
  readonly #reader: FrameReader;
  readonly #end = new CallEnd();
  #request: Buffer | undefined;
  #cancelTimer: (() => void) | undefined;
  #answered = false;

  constructor(stream: ServerHttp2Stream, path: string, headers: IncomingHttpHeaders, deps: UnaryDeps) {
    this.#stream = stream;
    this.#path = path;
    this.#headers = headers;
    this.#deps = deps;
    this.#reader = new FrameReader(deps.receiveBytesMax);
    // What broke tells itself by the end of the stream.
    stream.on("error", () => {});
    stream.on("close", () => this.#closed());
    stream.on("data", (chunk: Buffer) => this.#take(chunk));
    stream.on("end", () => this.#run());
    this.#limit();
  }

  /** The caller's own bound; what is no time is refused as the library does. */
  #limit(): void {
    const timeout = this.#headers["grpc-timeout"];
    const timeoutMs = Number(this.#headers[TIMEOUT_HEADER] ?? Number.NaN);
    if (timeoutMs <= LIBRARY_MS_MAX)
      this.#cancelTimer = this.#deps.clock.after(timeoutMs, () =>
        this.#fail(status.DEADLINE_EXCEEDED, "the time that the caller gave the call is over"),
      );
    else if (timeout !== undefined && Number.isNaN(timeoutMs))
      this.#fail(status.INTERNAL, `grpc-timeout is ${JSON.stringify(timeout)}, which is no time`);
  }

  #take(chunk: Buffer): void {
    if (this.#answered) return;
    try {
      this.#reader.push(chunk);
      for (let message = this.#reader.next(); message !== null; message = this.#reader.next()) {
        if (this.#request !== undefined)
          return this.#fail(status.UNIMPLEMENTED, `${this.#path} takes one message, and a second one came`);
        this.#request = message;
        this.#deps.requests(this.#stream, message.length);
      }
    } catch (thrown) {
      this.#refuse(LogwheelError.from(thrown));
    }
  }

  #run(): void {
    // A reset ends the body, too: what its caller gave up before it was whole is nobody's request.
    if (this.#answered || this.#stream.closed) return;
    if (this.#reader.midway)
      return this.#refuse(new LogwheelError("BAD_REQUEST", "the call ends in the middle of a message"));
    if (this.#request === undefined)
      return this.#fail(status.UNIMPLEMENTED, `${this.#path} takes one message, and none came`);
    this.#deps.answer(this.#path, this.#request, this.#context()).then(
      (reply) => this.#reply(reply),
      (thrown: unknown) => this.#refuse(LogwheelError.from(thrown)),
    );
    this.#request = undefined;
  }

  #context(): CallContext {
    const [session, headers, end] = [this.#stream.session, this.#headers, this.#end];
    return {
      get peer() {
        const { remoteAddress = "unknown", remotePort } = session?.socket ?? {};
        return remotePort === undefined ? remoteAddress : `${remoteAddress}:${remotePort}`;
      },
      get signal() {
        return end.signal;
      },
      header(name) {
        const value = headers[name];
        return Array.isArray(value) ? value[0] : value;
      },
    };
  }

  #reply(reply: Buffer): void {
    if (!this.#begin(DONE)) return;
    const frame = Buffer.allocUnsafe(FRAME_HEAD_BYTES + reply.length);
    writeFrameHead(frame, reply.length);
    frame.set(reply, FRAME_HEAD_BYTES);
    this.#deps.answers(this.#stream, reply.length);
    this.#stream.end(frame);
  }

  #refuse(error: LogwheelError): void {
    const { status: code, details, trailers } = trailersOf(error);
    this.#fail(code, details, trailers);
  }

  #fail(code: number, details: string, trailers?: Readonly<Record<string, string>>): void {
    if (this.#begin({ "grpc-status": code, "grpc-message": encodeURI(details), ...trailers }))
      this.#stream.end();
  }

  /** False if the call has its answer already, or nobody is there to hear one. */
  #begin(trailers: OutgoingHttpHeaders): boolean {
    const stream = this.#stream;
    if (this.#answered || stream.destroyed || stream.closed) return false;
    this.#answered = true;
    this.#cancelTimer?.();
    this.#end.come();
    stream.respond({ "content-type": CONTENT_TYPE, ...this.#deps.greeting }, WAIT_FOR_TRAILERS);
    stream.once("wantTrailers", () => stream.sendTrailers(trailers));
    return true;
  }

  #closed(): void {
    this.#cancelTimer?.();
    this.#end.come();
  }
}
