import type { HeaderFields } from "./hpack-decoder.js";
import { SendQueue } from "./send-queue.js";

/** Who is told what happens to a stream. */
export interface StreamReader {
  /** The next bytes of the body, `bytes[start..end)`, which may be kept; never after `end`. */
  data(bytes: Buffer, start: number, end: number): void;
  /** All that came at once with the last data is told. What is still wanted of it keeps all of it alive, unless it is copied. */
  told(): void;
  /** The caller writes no more. */
  end(): void;
  /** Some of what was queued has gone. */
  progress(): void;
  /** Over, once and always last; 0 after both sides have ended. */
  closed(code: number): void;
}

/** What a stream asks of its connection. */
export interface StreamHost {
  respond(stream: Http2Stream, block: Buffer): void;
  /** Bytes that could be written at once. */
  send(stream: Http2Stream, head: Buffer, body: Buffer): number;
  /** Writes what is queued when it can be. */
  queued(stream: Http2Stream): void;
  finish(stream: Http2Stream, block: Buffer): void;
  answer(stream: Http2Stream, answer: Answer): boolean;
  reset(stream: Http2Stream, code: number): void;
  credit(stream: Http2Stream): void;
  hold(bytes: number): void;
}

/** All of an answer: header blocks, and the body in two parts. */
export interface Answer {
  readonly headers: Buffer;
  head: Buffer;
  body: Buffer;
  readonly trailers: Buffer;
}

/** One call: what a client asks on a stream of its connection, and what it is answered. */
export class Http2Stream {
  readonly id: number;
  readonly headers: HeaderFields;
  /** When it began, by the connection's clock. */
  readonly sinceMs: number;
  /** When the caller must have written all; then it is reset. */
  readByMs = Number.POSITIVE_INFINITY;
  /** Nothing is written or told any more. */
  closed = false;
  /** Each side has written all. */
  remoteEnded = false;
  localEnded = false;
  /** Bytes that may be sent, and that may come. */
  sendWindow: number;
  receiveWindow: number;
  /** Bytes that have come and that no window was opened for. */
  uncredited = 0;
  /** Bytes that are still to come by its content-length; negative without. */
  contentLeft = -1;
  paused = false;
  /** Behind it the stream ends. */
  trailers: Buffer | null = null;
  readonly #host: StreamHost;
  readonly #headerBytes: number;
  #reader: StreamReader = NOBODY;
  #queue: SendQueue | null = null;
  #responded = false;
  #heldBytes = 0;

  constructor(
    host: StreamHost,
    options: {
      readonly id: number;
      readonly headers: HeaderFields;
      readonly headerBytes: number;
      readonly nowMs: number;
      readonly sendWindow: number;
      readonly receiveWindow: number;
    },
  ) {
    this.#host = host;
    this.id = options.id;
    this.headers = options.headers;
    this.#headerBytes = options.headerBytes;
    this.sinceMs = options.nowMs;
    this.sendWindow = options.sendWindow;
    this.receiveWindow = options.receiveWindow;
  }

  get reader(): StreamReader {
    return this.#reader;
  }

  /** Whether the answer has begun. */
  get responded(): boolean {
    return this.#responded;
  }

  /** Bytes that wait for the caller to take them. */
  get queuedBytes(): number {
    return this.#queue === null ? 0 : this.#queue.bytes;
  }

  get queue(): SendQueue | null {
    return this.#queue;
  }

  /** Tells everything to this reader from now on; called once, in the turn in which the call came. */
  attach(reader: StreamReader): void {
    this.#reader = reader;
  }

  /** Opens no more windows: the caller is slowed down. What it had leave to send may still come. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    if (!this.closed) this.#host.credit(this);
  }

  /** How many bytes of what came its reader keeps. */
  hold(bytes: number): void {
    if (this.closed || bytes === this.#heldBytes) return;
    const more = bytes - this.#heldBytes;
    this.#heldBytes = bytes;
    this.#host.hold(more);
  }

  /** Begins the answer, by an encoded header block. */
  respond(block: Buffer): void {
    if (this.closed || this.#responded) return;
    this.#responded = true;
    this.#host.respond(this, block);
  }

  /** Writes both as one piece; they are taken before it returns. */
  write(head: Buffer, body: Buffer): void {
    if (this.closed || this.localEnded || this.trailers !== null) return;
    const sent = this.queuedBytes > 0 ? 0 : this.#host.send(this, head, body);
    const rest = head.length + body.length - sent;
    if (rest === 0) return;
    this.#queue ??= new SendQueue();
    this.#queue.push(head, body, sent);
    this.#host.hold(rest);
    // It may have been too much, and the end of the connection.
    if (!this.closed) this.#host.queued(this);
  }

  /** Ends the answer behind what is queued, by a header block: its trailers, or all of it if it has not begun. */
  end(block: Buffer): void {
    if (this.closed || this.localEnded || this.trailers !== null) return;
    this.#responded = true;
    if (this.queuedBytes > 0) this.trailers = block;
    else this.#host.finish(this, block);
  }

  /** Writes an answer that has not begun, whole. */
  answer(answer: Answer): void {
    if (this.closed || this.#responded) return;
    if (this.#host.answer(this, answer)) return;
    this.respond(answer.headers);
    this.write(answer.head, answer.body);
    this.end(answer.trailers);
  }

  /** Ends it at once, in both directions. */
  reset(code: number): void {
    if (!this.closed) this.#host.reset(this, code);
  }

  /** The connection is done with it. */
  over(code: number): void {
    this.closed = true;
    const held = this.#headerBytes + this.#heldBytes + this.queuedBytes;
    this.#queue?.clear();
    this.#host.hold(-held);
    this.#reader.closed(code);
  }
}

const NOBODY: StreamReader = { data() {}, told() {}, end() {}, progress() {}, closed() {} };
