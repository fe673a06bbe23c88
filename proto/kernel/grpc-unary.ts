import { CODE } from "../http2/frames.js";
import type { Answer, Http2Stream, StreamReader } from "../http2/stream.js";
import { CallEnd } from "./call-end.js";
import type { CallContext } from "./channel.js";
import type { Clock } from "./clock.js";
import { type StatusTrailers, trailersOf } from "./error-trailers.js";
import { LogwheelError, status } from "./errors.js";
import { DONE_BLOCK, GREETING_BLOCK, statusBlock } from "./grpc-blocks.js";
import { type Deadlines, EXPIRED } from "./grpc-deadlines.js";
import { FRAME_HEAD_BYTES, FrameReader, kept, writeFrameHead } from "./grpc-frames.js";
import { parseTimeout, TIMEOUT_HEADER } from "./grpc-timeout.js";
import type { Route } from "./router.js";

/** What unary calls are answered with. */
export interface UnaryDeps {
  readonly clock: Clock;
  readonly deadlines: Deadlines;
  /** Larger requests are refused. */
  readonly receiveBytesMax: number;
  /** Time for the whole request to arrive, and for the answer to be read, beside what its size takes. */
  readonly readMs: number;
  readonly stalledMs: number;
  /** Answers a request; whatever it throws is told to the caller. */
  answer(route: Route, request: Buffer, call: CallContext): Promise<Buffer>;
}

/** Callers that read their answers slower than this are given up. */
const SLOWEST_BYTES_PER_MS = 64;

/** Filled anew for each answer, which is copied before anybody else can ask for one. */
const ANSWER = {
  headers: GREETING_BLOCK,
  head: Buffer.alloc(FRAME_HEAD_BYTES),
  body: GREETING_BLOCK,
  trailers: DONE_BLOCK,
} satisfies Answer;

/** One unary call, straight on its HTTP/2 stream. */
export class UnaryCall implements StreamReader, CallContext {
  readonly peer: string;
  readonly #stream: Http2Stream;
  readonly #route: Route;
  readonly #deps: UnaryDeps;
  readonly #end = new CallEnd();
  #request: Buffer | undefined;
  /** Only for requests that come in pieces. */
  #reader: FrameReader | undefined;
  #deadline: number | undefined;
  #cancelStall: (() => void) | undefined;
  #answered = false;

  constructor(stream: Http2Stream, route: Route, peer: string, deps: UnaryDeps) {
    this.#stream = stream;
    this.#route = route;
    this.peer = peer;
    this.#deps = deps;
    stream.attach(this);
    stream.readByMs = stream.sinceMs + deps.readMs;
    const timeout = stream.headers.get(TIMEOUT_HEADER);
    if (timeout !== undefined) this.#limit(timeout);
  }

  get signal(): AbortSignal {
    return this.#end.signal;
  }

  header(name: string): string | undefined {
    return this.#stream.headers.get(name);
  }

  data(bytes: Buffer, start: number, end: number): void {
    if (this.#answered) return;
    if (this.#reader === undefined && this.#request === undefined && this.#isWhole(bytes, start, end)) {
      this.#request = bytes.subarray(start + FRAME_HEAD_BYTES, end);
    } else this.#read(bytes.subarray(start, end));
  }

  /** The rest may be long in coming. */
  told(): void {
    this.#request &&= kept(this.#request);
    this.#reader?.keep();
    this.#stream.hold((this.#reader?.heldBytes ?? 0) + (this.#request?.length ?? 0));
  }

  end(): void {
    if (this.#answered) return;
    if (this.#reader?.midway)
      return this.#refuse(new LogwheelError("BAD_REQUEST", "the call ends in the middle of a message"));
    const request = this.#request;
    if (request === undefined)
      return this.#fail(status.UNIMPLEMENTED, `${this.#path} takes one message, and none came`);
    this.#request = undefined;
    this.#reader = undefined;
    this.#stream.hold(0);
    this.#run(request);
  }

  progress(): void {}

  closed(): void {
    this.#over();
    this.#cancelStall?.();
  }

  /** The caller's time is over. */
  expire(): void {
    this.#fail(status.DEADLINE_EXCEEDED, EXPIRED);
  }

  get #path(): string {
    return this.#route.method.path;
  }

  #limit(timeout: string): void {
    const timeoutMs = parseTimeout(timeout);
    if (timeoutMs !== undefined) this.#deadline = this.#deps.deadlines.add(this, timeoutMs);
    else this.#fail(status.INTERNAL, `grpc-timeout is ${JSON.stringify(timeout)}, which is no time`);
  }

  #read(chunk: Buffer): void {
    this.#reader ??= new FrameReader(this.#deps.receiveBytesMax);
    try {
      this.#reader.push(chunk);
      for (let next = this.#reader.next(); next !== null && !this.#answered; next = this.#reader.next())
        this.#take(next);
    } catch (thrown) {
      this.#refuse(LogwheelError.from(thrown));
    }
  }

  #take(message: Buffer): void {
    if (this.#request === undefined) this.#request = message;
    else this.#fail(status.UNIMPLEMENTED, `${this.#path} takes one message, and a second one came`);
  }

  async #run(request: Buffer): Promise<void> {
    try {
      this.#reply(await this.#deps.answer(this.#route, request, this));
    } catch (thrown) {
      this.#refuse(LogwheelError.from(thrown));
    }
  }

  #reply(reply: Buffer): void {
    if (this.#answered || this.#stream.closed) return;
    this.#over();
    writeFrameHead(ANSWER.head, reply.length);
    ANSWER.body = reply;
    this.#stream.answer(ANSWER);
    if (!this.#stream.closed) this.#watchStall(reply.length);
  }

  /** Whoever does not read the answer in a time that fits its size gets no more of it. */
  #watchStall(bytes: number): void {
    const readMs = this.#deps.stalledMs + bytes / SLOWEST_BYTES_PER_MS;
    this.#cancelStall = this.#deps.clock.after(readMs, () => this.#stream.reset(CODE.cancel));
  }

  #refuse(error: LogwheelError): void {
    this.#finish(trailersOf(error));
  }

  #fail(code: number, details: string): void {
    this.#finish({ status: code, details, trailers: {} });
  }

  #finish(result: StatusTrailers): void {
    if (this.#answered || this.#stream.closed) return;
    this.#over();
    this.#stream.end(statusBlock(result, true));
  }

  /** It has its answer, or needs none. */
  #over(): void {
    this.#answered = true;
    this.#request = undefined;
    this.#end.come();
    if (this.#deadline === undefined) return;
    this.#deps.deadlines.remove(this, this.#deadline);
    this.#deadline = undefined;
  }

  /** Whether these bytes are one message that can be taken as it is. */
  #isWhole(bytes: Buffer, start: number, end: number): boolean {
    const length = end - start - FRAME_HEAD_BYTES;
    if (length < 0 || length > this.#deps.receiveBytesMax) return false;
    return bytes[start] === 0 && bytes.readUInt32BE(start + 1) === length;
  }
}
