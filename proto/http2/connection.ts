import { Allowance } from "./allowance.js";
import { SendFlow } from "./flow.js";
import { FrameWriter } from "./frame-writer.js";
import { CODE, FRAME_BYTES_DEFAULT } from "./frames.js";
import type { DecodedHeaders } from "./hpack-decoder.js";
import { Incoming } from "./incoming.js";
import { KeepAlive } from "./keep-alive.js";
import { type ChunkPool, Output, type OutputSocket } from "./output.js";
import { encodeSettings, type OwnSettings, PeerSettings, WINDOW_BYTES_DEFAULT } from "./settings.js";
import { type Answer, Http2Stream, type StreamHost } from "./stream.js";

/** What a connection may use. Times are in milliseconds. */
export interface ConnectionLimits extends OwnSettings {
  /** Streams that may end by a reset in a burst, and how many are forgiven in a second. */
  readonly resetsMax: number;
  readonly resetsPerSecond: number;
  /** After so long without streams it is closed. */
  readonly idleMs: number;
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
}

/** What a connection speaks over: a socket, plain or of TLS. */
export interface ConnectionSocket extends OutputSocket {
  on(event: "data", told: (chunk: Buffer) => void): unknown;
  on(event: "error", told: (error: Error) => void): unknown;
  on(event: "close", told: () => void): unknown;
  end(): unknown;
  destroy(): unknown;
}

/** Who owns connections. None of these may throw. */
export interface ConnectionOwner {
  /** Milliseconds that never fall. */
  now(): number;
  /** The client has shown that it speaks HTTP/2: its first SETTINGS have come. */
  met(connection: Connection): void;
  /** A call has come: it wants a reader at once. */
  call(stream: Http2Stream, connection: Connection): void;
  /** The bytes that the client makes us hold have changed by so many. */
  held(connection: Connection, bytes: number): void;
  /** The socket is closed; told once, and last. */
  closed(connection: Connection): void;
  /** Something of ours threw while a client's bytes were read: a bug. */
  failed(thrown: unknown): void;
}

/** Frames that carry nothing, such as pings: so many in a burst, and so many a second. Useful ones make room for a few. */
const EMPTY_FRAMES_MAX = 4_000;
const EMPTY_FRAMES_PER_SECOND = 400;
const EMPTY_FRAMES_PER_USEFUL = 4;

/** A client that has broken a rule and goes on is cut off after this; others have the time of a ping to read the rest. */
const LINGER_MS = 1_000;

/**
 * The server's side of one HTTP/2 connection (RFC 9113), without push. What comes is read by `Incoming`; here stands what a
 * connection is: its streams, what they may send, and how it ends.
 */
export class Connection implements StreamHost {
  /** Who is at the other end, for people. */
  readonly client: string;
  readonly streams = new Map<number, Http2Stream>();
  readonly peer = new PeerSettings();
  readonly writer: FrameWriter;
  readonly limits: ConnectionLimits;
  readonly owner: ConnectionOwner;
  readonly sending: SendFlow;
  readonly #socket: ConnectionSocket;
  readonly #output: Output;
  readonly #incoming: Incoming;
  readonly #resets: Allowance;
  readonly #empty = new Allowance(EMPTY_FRAMES_MAX, EMPTY_FRAMES_PER_SECOND);
  readonly #keepAlive: KeepAlive;
  /** When something came last, and when the last stream ended. */
  #nowMs: number;
  #idleSinceMs: number;
  #heldBytes = 0;
  #outputBytes = 0;
  /** No new streams: it is closed behind those that are open. */
  #leaving = false;
  /** The last stream that was taken, once that is said. */
  #lastTaken: number | null = null;
  /** Ended by us: nothing is read or written any more. */
  #endedMs: number | null = null;
  #lingerMs = LINGER_MS;
  #closed = false;
  readonly #sent = (stream: Http2Stream, bytes: number): void => this.#onSent(stream, bytes);

  constructor(options: {
    readonly socket: ConnectionSocket;
    readonly client: string;
    readonly limits: ConnectionLimits;
    readonly pool: ChunkPool;
    readonly owner: ConnectionOwner;
  }) {
    const { socket, limits, pool, owner } = options;
    this.#socket = socket;
    this.client = options.client;
    this.limits = limits;
    this.owner = owner;
    this.#nowMs = owner.now();
    this.#idleSinceMs = this.#nowMs;
    this.#resets = new Allowance(limits.resetsMax, limits.resetsPerSecond);
    this.#keepAlive = new KeepAlive({
      everyMs: limits.keepaliveMs,
      timeoutMs: limits.keepaliveTimeoutMs,
      nowMs: this.#nowMs,
    });
    this.#output = new Output(socket, pool, { room: () => this.#pump(), overflow: () => this.destroy() });
    this.writer = new FrameWriter(this.#output, this.peer);
    this.sending = new SendFlow(this.writer, this.peer);
    this.#incoming = new Incoming(this);
    socket.on("error", () => {});
    socket.on("close", () => this.#onClosed());
    socket.on("data", (chunk) => this.#onData(chunk));
    this.writer.raw(encodeSettings(limits));
    if (limits.windowBytes > WINDOW_BYTES_DEFAULT)
      this.writer.windowUpdate(0, limits.windowBytes - WINDOW_BYTES_DEFAULT);
  }

  /** What its client makes us hold. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** No new streams are taken. */
  get leaving(): boolean {
    return this.#leaving;
  }

  /** Nothing is read or written any more. */
  get over(): boolean {
    return this.#closed || this.#endedMs !== null;
  }

  /** Takes no new streams, and closes it behind those that are open. */
  leave(): void {
    if (this.#leaving || this.over) return;
    this.#leaving = true;
    this.#goAway(CODE.noError);
    this.#endWhenIdle();
  }

  /** Closes it because its client makes us hold too much. */
  shed(): void {
    this.broken(CODE.enhanceYourCalm);
  }

  /** Drops it with all of its streams. */
  destroy(): void {
    if (this.#closed) return;
    this.#socket.destroy();
    this.#end(CODE.cancel);
  }

  /** The connection breaks a rule: it is told so and closed. */
  broken(code: number): void {
    if (this.over) return;
    this.#goAway(code);
    this.#hangUp(code);
  }

  /** Closes it without a word: what speaks at the other end would not know one. */
  hangUp(): void {
    if (!this.over) this.#hangUp(CODE.protocol);
  }

  /** Looks after what has to happen in time. To be called every second or so. */
  look(nowMs: number): void {
    if (this.#endedMs !== null) {
      if (nowMs - this.#endedMs >= this.#lingerMs) this.#socket.destroy();
      return;
    }
    this.#countOutput();
    for (const stream of this.streams.values())
      if (!stream.remoteEnded && nowMs >= stream.readByMs) this.reset(stream, CODE.cancel);
    if (this.streams.size === 0 && nowMs - this.#idleSinceMs >= this.limits.idleMs) return this.leave();
    const pulse = this.#keepAlive.look(nowMs);
    if (pulse === "ask") this.writer.ping(0, NO_PAYLOAD, 0);
    else if (pulse === "gone") this.destroy();
  }

  /** A frame has come that carries nothing. */
  empty(): void {
    if (!this.#empty.take(this.#nowMs)) this.broken(CODE.enhanceYourCalm);
  }

  /** One that carries something makes room for some of those that come with it, such as pings that measure the line. */
  useful(): void {
    this.#empty.give(EMPTY_FRAMES_PER_USEFUL);
  }

  /** Opens a stream; its headers are held as long as it is open. */
  open(id: number, { fields, bytes }: DecodedHeaders): Http2Stream {
    const stream = new Http2Stream(this, {
      id,
      headers: fields,
      headerBytes: bytes,
      nowMs: this.#nowMs,
      sendWindow: this.peer.windowBytes,
      receiveWindow: this.limits.windowBytes,
    });
    this.streams.set(id, stream);
    this.hold(bytes);
    return stream;
  }

  /** The window of the connection has been opened, or that of a stream; what waited goes on. */
  opened(): void {
    this.#pump();
  }

  /** Both sides have ended it, or its client has reset it. */
  close(stream: Http2Stream, code: number): void {
    this.#incoming.closed(stream.id, false);
    this.#forget(stream, code);
  }

  /** A stream has ended by a reset, of either side, or was refused. */
  countReset(): void {
    if (!this.#resets.take(this.#nowMs)) this.broken(CODE.enhanceYourCalm);
  }

  /** Refuses a stream that was not opened. */
  refuse(id: number, code: number): void {
    this.writer.reset(id, code);
    this.#incoming.closed(id, true);
    this.countReset();
  }

  // What its streams ask for.

  respond(stream: Http2Stream, block: Buffer): void {
    this.writer.headers(stream.id, block, false);
  }

  send(stream: Http2Stream, head: Buffer, body: Buffer): number {
    const sent = this.sending.send(stream, head, body);
    if (sent > 0) this.#empty.give(EMPTY_FRAMES_PER_USEFUL * Math.ceil(sent / FRAME_BYTES_DEFAULT));
    return sent;
  }

  queued(stream: Http2Stream): void {
    this.sending.queued(stream);
  }

  answer(stream: Http2Stream, answer: Answer): boolean {
    if (!this.sending.answer(stream, answer)) return false;
    this.#localEnded(stream);
    return true;
  }

  finish(stream: Http2Stream, block: Buffer): void {
    this.writer.headers(stream.id, block, true);
    this.#localEnded(stream);
  }

  reset(stream: Http2Stream, code: number): void {
    if (stream.closed) return;
    this.writer.reset(stream.id, code);
    this.#incoming.closed(stream.id, true);
    this.#forget(stream, code);
    if (code !== CODE.noError) this.countReset();
  }

  credit(stream: Http2Stream): void {
    if (stream.remoteEnded || stream.paused || stream.uncredited < this.limits.windowBytes / 2) return;
    this.writer.windowUpdate(stream.id, stream.uncredited);
    stream.receiveWindow += stream.uncredited;
    stream.uncredited = 0;
  }

  hold(bytes: number): void {
    this.#heldBytes += bytes;
    this.owner.held(this, bytes);
  }

  #onData(chunk: Buffer): void {
    if (this.over) return;
    this.#nowMs = this.owner.now();
    this.#keepAlive.heard();
    try {
      this.#incoming.push(chunk);
    } catch (thrown) {
      this.owner.failed(thrown);
      this.broken(CODE.internal);
    }
  }

  /** A caller that has its answer and still writes is told to stop. */
  #localEnded(stream: Http2Stream): void {
    stream.localEnded = true;
    if (stream.remoteEnded) this.close(stream, CODE.noError);
    else this.reset(stream, CODE.noError);
  }

  #goAway(code: number): void {
    this.#lastTaken ??= this.#incoming.lastStream;
    this.writer.goAway(this.#lastTaken, code);
  }

  #pump(): void {
    if (this.over) return;
    this.sending.pump(this.#sent);
  }

  #onSent(stream: Http2Stream, bytes: number): void {
    this.#empty.give(EMPTY_FRAMES_PER_USEFUL);
    this.hold(-bytes);
    const { trailers } = stream;
    if (trailers !== null && stream.queuedBytes === 0) this.finish(stream, trailers);
    else stream.reader.progress();
  }

  #forget(stream: Http2Stream, code: number): void {
    this.streams.delete(stream.id);
    this.sending.forget(stream);
    stream.over(code);
    if (this.streams.size > 0) return;
    this.#idleSinceMs = this.owner.now();
    if (this.#leaving) this.#endWhenIdle();
  }

  #endWhenIdle(): void {
    if (this.streams.size === 0 && !this.over) this.#hangUp(CODE.noError);
  }

  #hangUp(code: number): void {
    if (code === CODE.noError) this.#lingerMs = this.limits.keepaliveTimeoutMs;
    this.#output.finish();
    this.#end(code);
    this.#socket.end();
  }

  #end(code: number): void {
    if (this.#endedMs !== null) return;
    this.#endedMs = this.owner.now();
    this.#incoming.stop();
    for (const stream of [...this.streams.values()]) this.#forget(stream, code);
    this.#output.close();
    this.hold(-this.#heldBytes);
  }

  #onClosed(): void {
    if (this.#closed) return;
    this.#end(CODE.cancel);
    this.#closed = true;
    this.owner.closed(this);
  }

  /** What waits for the socket is held too. */
  #countOutput(): void {
    const bytes = this.#output.heldBytes;
    this.hold(bytes - this.#outputBytes);
    this.#outputBytes = bytes;
  }
}

const NO_PAYLOAD = Buffer.alloc(8);
