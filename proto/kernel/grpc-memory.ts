import type { Http2Session, ServerHttp2Stream } from "node:http2";

const HEAD_BYTES = 5;

/** Follows the messages in the bytes of one call. */
export class UnfinishedMessage {
  readonly #bytesMax: number;
  #length = 0;
  #headLeft = HEAD_BYTES;
  #left = 0;
  #refused = false;
  /** Bytes that have come of the message that is not whole yet. */
  bytes = 0;

  /** Messages above `bytesMax` are refused at their head and held by nobody. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Takes what has come; returns by how much `bytes` changed. */
  take(chunk: Uint8Array): number {
    const before = this.bytes;
    for (let at = 0; at < chunk.length && !this.#refused; )
      at = this.#left > 0 ? this.#body(chunk, at) : this.#head(chunk, at);
    return this.bytes - before;
  }

  #body(chunk: Uint8Array, at: number): number {
    const taken = Math.min(this.#left, chunk.length - at);
    this.#left -= taken;
    this.bytes = this.#left === 0 ? 0 : this.bytes + taken;
    return at + taken;
  }

  /** The flag is passed over; the length is big-endian. */
  #head(chunk: Uint8Array, at: number): number {
    this.#length = this.#headLeft === HEAD_BYTES ? 0 : this.#length * 256 + chunk[at]!;
    this.#headLeft--;
    if (this.#headLeft > 0) return at + 1;
    this.#headLeft = HEAD_BYTES;
    this.#left = this.#length;
    this.#refused = this.#length > this.#bytesMax;
    return at + 1;
  }
}

interface Share {
  /** Counted as they come and go. */
  bytes: number;
  /** Arrived and not read, as last seen. */
  unread: number;
}

/**
 * Bytes that callers make a server hold: messages of which only a part has come, what has come and is not read because
 * the caller is being slowed down, and answers that the caller does not read. When all of it is too much, the
 * connection with the most of it is closed, so that one caller cannot take the memory of the others.
 */
export class HeldBytes {
  readonly #bytesMax: number;
  readonly #shares = new Map<Http2Session, Share>();
  readonly #streams = new Set<ServerHttp2Stream>();
  #bytes = 0;
  #unread = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** In all, as far as it was looked at. */
  get total(): number {
    return this.#bytes + this.#unread;
  }

  /** Counts what the connection makes the server hold from now on. */
  watch(session: Http2Session): void {
    this.#shares.set(session, { bytes: 0, unread: 0 });
    session.once("close", () => this.#forget(session));
  }

  /** Counts what one call makes the server hold. */
  watchCall(stream: ServerHttp2Stream, messageBytesMax: number): void {
    const { session } = stream;
    if (session === undefined) return;
    const message = new UnfinishedMessage(messageBytesMax);
    this.#streams.add(stream);
    stream.on("data", (chunk: Uint8Array) => this.#add(session, message.take(chunk)));
    stream.once("close", () => {
      this.#streams.delete(stream);
      this.#add(session, -message.bytes);
    });
  }

  /** Counts an answer until its call is over. */
  answer(stream: ServerHttp2Stream, bytes: number): void {
    const { session } = stream;
    if (session === undefined || stream.closed) return;
    this.#add(session, bytes);
    stream.once("close", () => this.#add(session, -bytes));
  }

  /** Counts a request that is whole until its caller has ended it: before that nobody works it off. */
  request(stream: ServerHttp2Stream, bytes: number): void {
    const { session } = stream;
    if (session === undefined || stream.closed) return;
    let held = bytes;
    const release = (): void => {
      this.#add(session, -held);
      held = 0;
    };
    stream.once("end", release);
    stream.once("close", release);
    this.#add(session, held);
  }

  /** Looks how much has come that nobody reads. Called every second or so. */
  look(): void {
    for (const share of this.#shares.values()) share.unread = 0;
    this.#unread = 0;
    for (const { session, readableLength } of this.#streams) {
      const share = session === undefined ? undefined : this.#shares.get(session);
      if (share === undefined) continue;
      share.unread += readableLength;
      this.#unread += readableLength;
    }
    this.#bound();
  }

  #add(session: Http2Session, bytes: number): void {
    const share = this.#shares.get(session);
    if (share === undefined || bytes === 0) return;
    share.bytes += bytes;
    this.#bytes += bytes;
    if (bytes > 0) this.#bound();
  }

  #bound(): void {
    while (this.total > this.#bytesMax) {
      const [largest] = [...this.#shares].reduce((a, b) => (sum(b[1]) > sum(a[1]) ? b : a));
      this.#forget(largest);
      largest.destroy();
    }
  }

  #forget(session: Http2Session): void {
    const share = this.#shares.get(session);
    if (share === undefined) return;
    this.#shares.delete(session);
    this.#bytes -= share.bytes;
    this.#unread -= share.unread;
  }
}

function sum({ bytes, unread }: Share): number {
  return bytes + unread;
}
