import { callerGone } from "./call-errors.js";
import type { Stream, StreamEvents } from "./channel.js";
import { LogwheelError } from "./errors.js";

/** Bytes that may wait on one way of a stream before `write` says false. */
const QUEUED_BYTES_MAX = 1 << 20;

/** Calls a function in a later turn, in order. */
export type Post = (run: () => void) => void;

/** How a way ends: well, or with an error. */
interface Ending {
  readonly error: LogwheelError | null;
}

/** What makes an error look as it would after a journey. */
export type Transported = (error: LogwheelError) => LogwheelError;

/**
 * One side of a stream that stays inside the process. Behaves as gRPC's: what is written arrives in order and before
 * the end; a cancelling client is noticed at once; a failing server after what it wrote.
 */
export class MemoryStream implements Stream<Buffer, Buffer> {
  readonly #side: "client" | "server";
  readonly #post: Post;
  readonly #transported: Transported;
  #peer!: MemoryStream;
  #events: StreamEvents<Buffer> | null = null;
  #inbox: Buffer[] = [];
  #inboxBytes = 0;
  #paused = false;
  #pumping = false;
  #writable = true;
  #blocked = false;
  /** The other side writes no more, once the inbox is empty. */
  #peerEnded = false;
  #endTold = false;
  /** Over once the inbox is empty. */
  #ending: Ending | null = null;
  #closed = false;
  /** Called once when this side is over. */
  onClosed: () => void = () => {};

  private constructor(side: "client" | "server", post: Post, transported: Transported) {
    this.#side = side;
    this.#post = post;
    this.#transported = transported;
  }

  /** Both sides of a new stream. */
  static pair(post: Post, transported: Transported): { client: MemoryStream; server: MemoryStream } {
    const client = new MemoryStream("client", post, transported);
    const server = new MemoryStream("server", post, transported);
    client.#peer = server;
    server.#peer = client;
    return { client, server };
  }

  listen(events: StreamEvents<Buffer>): void {
    this.#events = events;
    this.#wake();
  }

  write(bytes: Buffer): boolean {
    if (!this.#writable) return false;
    this.#peer.#accept(Buffer.from(bytes));
    if (this.#peer.#inboxBytes < QUEUED_BYTES_MAX) return true;
    this.#blocked = true;
    return false;
  }

  end(): void {
    if (!this.#writable) return;
    this.#writable = false;
    this.#peer.#peerEnded = true;
    if (this.#side === "server") {
      this.#peer.#finish({ error: null });
      this.#drop({ error: null });
    } else this.#peer.#wake();
  }

  fail(error: Error): void {
    if (this.#closed) return;
    const known = LogwheelError.from(error);
    this.#writable = false;
    if (this.#side === "server") this.#peer.#finish({ error: this.#transported(known) });
    else this.#peer.#drop({ error: callerGone() });
    this.#drop({ error: known });
  }

  /** The connection broke: this side learns it, and nothing that was under way arrives. */
  lose(error: LogwheelError): void {
    this.#drop({ error });
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#wake();
  }

  #accept(bytes: Buffer): void {
    if (this.#closed || this.#ending !== null) return;
    this.#inbox.push(bytes);
    this.#inboxBytes += bytes.length;
    this.#wake();
  }

  #finish(ending: Ending): void {
    if (this.#ending !== null || this.#closed) return;
    this.#writable = false;
    this.#ending = ending;
    this.#wake();
  }

  #drop(ending: Ending): void {
    this.#inbox = [];
    this.#inboxBytes = 0;
    this.#paused = false;
    this.#peerEnded = false;
    this.#writable = false;
    this.#ending = ending;
    this.#wake();
  }

  #wake(): void {
    if (this.#pumping || this.#events === null || this.#closed) return;
    this.#pumping = true;
    this.#post(() => {
      this.#pumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const events = this.#events;
    if (events === null) return;
    for (let next = this.#next(); next !== undefined; next = this.#next()) events.message(next);
    if (this.#inbox.length > 0 || this.#closed) return;
    if (this.#peerEnded && !this.#endTold) {
      this.#endTold = true;
      events.end?.();
    }
    if (this.#ending !== null && !this.#closed) {
      this.#closed = true;
      this.onClosed();
      events.close(this.#ending.error);
    }
  }

  #next(): Buffer | undefined {
    if (this.#paused || this.#closed) return undefined;
    const bytes = this.#inbox.shift();
    if (bytes === undefined) return undefined;
    this.#inboxBytes -= bytes.length;
    if (this.#inboxBytes < QUEUED_BYTES_MAX / 2) this.#peer.#unblock();
    return bytes;
  }

  #unblock(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#post(() => {
      if (this.#writable && !this.#closed) this.#events?.drain?.();
    });
  }
}
