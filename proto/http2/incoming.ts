import type { Connection } from "./connection.js";
import { FrameScanner, type FrameSink } from "./frame-scanner.js";
import { CODE, FLAG, FRAME, read31 } from "./frames.js";
import { HeaderBlock } from "./header-block.js";
import { type DecodedHeaders, HpackDecoder, HpackError } from "./hpack-decoder.js";
import { TABLE_BYTES_DEFAULT } from "./hpack-table.js";
import { RecentStreams } from "./recent-streams.js";
import { WINDOW_BYTES_DEFAULT } from "./settings.js";
import type { Http2Stream } from "./stream.js";

/** A header block may be so many times larger than what is taken before its connection is closed, rather than its stream. */
const BLOCK_FACTOR = 2;

const PRIORITY_BYTES = 5;
const GO_AWAY_BYTES_MIN = 8;

/** What a client sends on one connection, frame by frame, by the rules of RFC 9113. */
export class Incoming implements FrameSink {
  /** The highest number of a stream that has come. */
  lastStream = 0;
  readonly #connection: Connection;
  readonly #scanner: FrameScanner;
  readonly #hpack: HpackDecoder;
  readonly #recent = new RecentStreams();
  readonly #blockBytesMax: number;
  /** Comes first. */
  #settled = false;
  /** The header block that is not whole; nothing may stand between its frames. */
  #block: HeaderBlock | null = null;
  /** Whose data the frame carries; null when nobody wants it. */
  #dataOf: Http2Stream | null = null;
  /** Those of which data has come in the chunk that is read, and not the end. */
  readonly #untold: Http2Stream[] = [];
  /** Of the connection: bytes that may come, and that no window was opened for. */
  #window: number;
  #uncredited = 0;

  constructor(connection: Connection) {
    const { limits } = connection;
    this.#connection = connection;
    this.#scanner = new FrameScanner(this, limits.frameBytesMax);
    this.#hpack = new HpackDecoder({
      tableBytesMax: TABLE_BYTES_DEFAULT,
      listBytesMax: limits.headerBytesMax,
    });
    this.#blockBytesMax = limits.headerBytesMax * BLOCK_FACTOR;
    this.#window = Math.max(WINDOW_BYTES_DEFAULT, limits.windowBytes);
  }

  push(chunk: Buffer): void {
    this.#scanner.push(chunk);
    for (const stream of this.#untold) if (!stream.closed && !stream.remoteEnded) stream.reader.told();
    this.#untold.length = 0;
  }

  stop(): void {
    this.#scanner.stop();
  }

  /** A stream is over; `reset` by us, before the client had ended it. */
  closed(stream: number, reset: boolean): void {
    this.#recent.add(stream, reset);
  }

  noPreface(): void {
    this.#connection.hangUp();
  }

  broken(code: number): void {
    this.#connection.broken(code);
  }

  frame(type: number, flags: number, stream: number, bytes: Buffer, start: number, end: number): void {
    if (this.#block !== null) return this.#continuation(type, flags, stream, bytes, start, end);
    if (!this.#settled && type !== FRAME.settings) return this.broken(CODE.protocol);
    switch (type) {
      case FRAME.headers:
        return this.#headers(flags, stream, bytes, start, end);
      case FRAME.windowUpdate:
        return this.#windowUpdate(stream, bytes, start, end);
      case FRAME.reset:
        return this.#reset(stream, bytes, start, end);
      case FRAME.settings:
        return this.#settings(flags, stream, bytes, start, end);
      case FRAME.ping:
        return this.#ping(flags, stream, bytes, start, end);
      case FRAME.priority:
        return this.#priority(stream, bytes, start, end);
      case FRAME.goAway:
        if (stream !== 0) return this.broken(CODE.protocol);
        return end - start < GO_AWAY_BYTES_MIN ? this.broken(CODE.frameSize) : this.#connection.empty();
      case FRAME.pushPromise:
      case FRAME.continuation:
        return this.broken(CODE.protocol);
      default:
        return this.#connection.empty();
    }
  }

  dataHead(id: number, length: number): void {
    this.#dataOf = null;
    if (this.#block !== null || !this.#settled || id === 0 || this.#isIdle(id))
      return this.broken(CODE.protocol);
    this.#window -= length;
    if (this.#window < 0) return this.broken(CODE.flowControl);
    this.#credit(length);
    const stream = this.#connection.streams.get(id);
    if (stream === undefined) return this.#lateData(id, length);
    if (stream.remoteEnded) return stream.reset(CODE.streamClosed);
    stream.receiveWindow -= length;
    stream.uncredited += length;
    if (stream.receiveWindow < 0) stream.reset(CODE.flowControl);
    else this.#dataOf = stream;
  }

  data(_id: number, flags: number, bytes: Buffer, start: number, end: number, last: boolean): void {
    const stream = this.#dataOf;
    if (stream === null || stream.closed) return;
    const ends = last && (flags & FLAG.endStream) !== 0;
    if (end > start) {
      this.#connection.useful();
      if (stream.contentLeft >= 0 && !this.#counted(stream, end - start)) return;
      stream.reader.data(bytes, start, end);
      if (stream.closed) return;
      if (!ends) this.#untold.push(stream);
    } else if (!ends) this.#connection.empty();
    if (ends) this.#end(stream);
    else if (last) this.#connection.credit(stream);
  }

  /** Data on a stream that is over: of one that we have reset it may have been on its way. */
  #lateData(id: number, length: number): void {
    if (!this.#recent.wasReset(id)) this.#connection.refuse(id, CODE.streamClosed);
    else if (length === 0) this.#connection.empty();
  }

  /** False if it is more than the caller has announced. */
  #counted(stream: Http2Stream, bytes: number): boolean {
    stream.contentLeft -= bytes;
    if (stream.contentLeft >= 0) return true;
    stream.reset(CODE.protocol);
    return false;
  }

  #end(stream: Http2Stream): void {
    if (stream.contentLeft > 0) return stream.reset(CODE.protocol);
    stream.remoteEnded = true;
    stream.reader.end();
  }

  /** Opens the window of the connection again, in large steps. */
  #credit(length: number): void {
    const { limits, writer } = this.#connection;
    this.#uncredited += length;
    if (this.#uncredited < limits.windowBytes / 4) return;
    writer.windowUpdate(0, this.#uncredited);
    this.#window += this.#uncredited;
    this.#uncredited = 0;
  }

  #headers(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (id % 2 === 0) return this.broken(CODE.protocol);
    let [from, to] = [start, end];
    if ((flags & FLAG.padded) !== 0) to -= end > start ? bytes[from++]! : 1;
    const hasPriority = (flags & FLAG.priority) !== 0;
    const dependsOn = hasPriority && to - from >= PRIORITY_BYTES ? read31(bytes, from) : 0;
    if (hasPriority) from += PRIORITY_BYTES;
    if (from > to) return this.broken(CODE.protocol);
    const block = new HeaderBlock(id, (flags & FLAG.endStream) !== 0, dependsOn === id);
    if ((flags & FLAG.endHeaders) !== 0) return this.#whole(block, bytes, from, to);
    if (block.add(bytes, from, to, this.#blockBytesMax)) this.#block = block;
    else this.broken(CODE.enhanceYourCalm);
  }

  #continuation(type: number, flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const block = this.#block!;
    if (type !== FRAME.continuation || id !== block.stream) return this.broken(CODE.protocol);
    if (!block.add(bytes, start, end, this.#blockBytesMax)) return this.broken(CODE.enhanceYourCalm);
    if ((flags & FLAG.endHeaders) === 0) return;
    this.#block = null;
    const whole = block.whole();
    this.#whole(block, whole, 0, whole.length);
  }

  /** The table has to be kept in step whatever becomes of the stream. */
  #whole(block: HeaderBlock, bytes: Buffer, start: number, end: number): void {
    let decoded: DecodedHeaders;
    try {
      decoded = this.#hpack.decode(bytes, start, end);
    } catch (thrown) {
      if (!(thrown instanceof HpackError)) throw thrown;
      return this.broken(CODE.compression);
    }
    const stream = this.#connection.streams.get(block.stream);
    if (stream !== undefined) this.#trailers(stream, block, decoded);
    else if (this.#isIdle(block.stream)) this.#begin(block, decoded);
    else if (this.#recent.wasReset(block.stream)) this.#connection.empty();
    else this.broken(this.#recent.wasClosed(block.stream) ? CODE.streamClosed : CODE.protocol);
  }

  #begin(block: HeaderBlock, decoded: DecodedHeaders): void {
    const connection = this.#connection;
    const { stream: id, endStream } = block;
    this.lastStream = id;
    if (connection.leaving) return this.#ignore(id);
    if (connection.streams.size >= connection.limits.streamsMax)
      return connection.refuse(id, CODE.refusedStream);
    const length = contentLength(decoded);
    if (isMalformed(decoded) || block.flawed || length === null) return connection.refuse(id, CODE.protocol);
    if (decoded.tooLarge) return connection.refuse(id, CODE.enhanceYourCalm);
    connection.useful();
    const stream = connection.open(id, decoded);
    stream.contentLeft = length;
    // Its headers may have been too much.
    if (connection.over) return;
    connection.owner.call(stream, connection);
    if (endStream && !stream.closed) this.#end(stream);
  }

  /** The client has been told that no stream after the last one is processed; it tries again elsewhere. */
  #ignore(id: number): void {
    this.#recent.add(id, true);
    this.#connection.empty();
  }

  #trailers(stream: Http2Stream, block: HeaderBlock, decoded: DecodedHeaders): void {
    if (stream.remoteEnded) return stream.reset(CODE.streamClosed);
    const hasPseudo = decoded.fields.keys().next().value?.startsWith(":") === true;
    if (!block.endStream || hasPseudo || decoded.malformed !== undefined || block.flawed)
      return stream.reset(CODE.protocol);
    this.#end(stream);
  }

  #windowUpdate(id: number, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    if (end - start !== 4) return this.broken(CODE.frameSize);
    const added = read31(bytes, start);
    if (id === 0) {
      if (added === 0) return this.broken(CODE.protocol);
      if (!connection.sending.open(added)) return this.broken(CODE.flowControl);
    } else {
      if (this.#isIdle(id)) return this.broken(CODE.protocol);
      const stream = connection.streams.get(id);
      if (stream === undefined) return connection.empty();
      if (added === 0) return stream.reset(CODE.protocol);
      if (!connection.sending.openStream(stream, added)) return stream.reset(CODE.flowControl);
    }
    connection.empty();
    connection.opened();
  }

  #reset(id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 4) return this.broken(CODE.frameSize);
    if (id === 0 || this.#isIdle(id)) return this.broken(CODE.protocol);
    const stream = this.#connection.streams.get(id);
    if (stream === undefined) return this.#connection.empty();
    this.#connection.close(stream, bytes.readUInt32BE(start));
    this.#connection.countReset();
  }

  #settings(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    const connection = this.#connection;
    const { peer, sending, writer } = connection;
    if (id !== 0) return this.broken(CODE.protocol);
    if ((flags & FLAG.ack) !== 0) {
      if (end > start) return this.broken(CODE.frameSize);
      return this.#settled ? connection.empty() : this.broken(CODE.protocol);
    }
    const before = peer.windowBytes;
    const flaw = peer.take(bytes, start, end);
    if (flaw !== null) return this.broken(flaw);
    for (const stream of connection.streams.values())
      if (!sending.openStream(stream, peer.windowBytes - before)) return this.broken(CODE.flowControl);
    writer.settingsAck();
    if (!this.#settled) connection.owner.met(connection);
    this.#settled = true;
    connection.empty();
    connection.opened();
  }

  #ping(flags: number, id: number, bytes: Buffer, start: number, end: number): void {
    if (end - start !== 8) return this.broken(CODE.frameSize);
    if (id !== 0) return this.broken(CODE.protocol);
    if ((flags & FLAG.ack) === 0) this.#connection.writer.ping(FLAG.ack, bytes, start);
    this.#connection.empty();
  }

  /** Ignored, but for what is wrong with it. */
  #priority(id: number, bytes: Buffer, start: number, end: number): void {
    if (id === 0) return this.broken(CODE.protocol);
    this.#connection.empty();
    const code =
      end - start !== PRIORITY_BYTES ? CODE.frameSize : read31(bytes, start) === id ? CODE.protocol : null;
    if (code === null) return;
    const stream = this.#connection.streams.get(id);
    if (stream !== undefined) stream.reset(code);
    else this.#connection.refuse(id, code);
  }

  /** Nothing was ever said on it. */
  #isIdle(id: number): boolean {
    return id % 2 === 0 || id > this.lastStream;
  }
}

/** What a request must have is missing, or it has what it must not have (RFC 9113 8.3.1). */
function isMalformed({ fields, malformed }: DecodedHeaders): boolean {
  return malformed !== undefined || !fields.has(":method") || !fields.has(":scheme") || !fields.get(":path");
}

/** Bytes that are announced; negative without, null when it is no number. */
function contentLength({ fields }: DecodedHeaders): number | null {
  const text = fields.get("content-length");
  if (text === undefined) return -1;
  return /^\d{1,15}$/.test(text) ? Number(text) : null;
}
