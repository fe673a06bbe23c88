import type {
  Http2Server,
  Http2Session,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import { isLoopback } from "./address.js";
import type { Clock } from "./clock.js";
import { HeldBytes } from "./grpc-memory.js";
import { keepTimeout } from "./grpc-timeout.js";
import type { Logger } from "./logger.js";

/** What a server lets its callers use. */
export interface ServeLimits {
  /** Open connections in all. */
  readonly connectionsMax: number;
  /** Open connections of one address; loopback addresses have no such limit. */
  readonly connectionsPerAddressMax: number;
  /** Concurrent calls and streams of one connection. */
  readonly streamsMax: number;
  /** Largest message that is read. */
  readonly receiveBytesMax: number;
  /** Flow-control window of each connection and stream. */
  readonly windowBytes: number;
  /** Memory that the HTTP/2 library may use for one connection. */
  readonly sessionMemoryMb: number;
  /** What all callers together make the server hold; above it the connection with the most is closed. */
  readonly heldBytesMax: number;
  /** All headers of one call together. */
  readonly headerBytesMax: number;
  /** Calls of one connection that may end by reset in a burst, and how many are forgiven in a second. */
  readonly resetsMax: number;
  readonly resetsPerSecond: number;
  /** Time from accepting a connection to its first sign of HTTP/2. */
  readonly firstByteMs: number;
  /** Time after which a connection without calls is closed. */
  readonly idleMs: number;
  /** Time between pings, and for the answer to one. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Time for the whole request of a unary call to arrive. */
  readonly readMs: number;
  /** Time after which a stream is closed whose caller reads nothing. */
  readonly stalledMs: number;
}

/** What servers use unless they are told otherwise. */
export const SERVE_LIMITS: ServeLimits = {
  connectionsMax: 4000,
  connectionsPerAddressMax: 200,
  streamsMax: 128,
  receiveBytesMax: 16 << 20,
  windowBytes: 8 << 20,
  sessionMemoryMb: 64,
  heldBytesMax: 256 << 20,
  headerBytesMax: 16 << 10,
  resetsMax: 800,
  resetsPerSecond: 33,
  firstByteMs: 10_000,
  idleMs: 120_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  readMs: 30_000,
  stalledMs: 30_000,
};

const ENHANCE_YOUR_CALM = 11;
const CANCEL = 8;
const NO_ERROR = 0;

const LOOK_MS = 1_000;

/** Callers that read their answers slower than this are given up. */
const SLOWEST_BYTES_PER_MS = 64;

const ENCODING = "grpc-encoding";

/** Names the encoding of a request that is not read: inflated requests of a megabyte could be a gigabyte each. */
export const REFUSED_ENCODING = "logwheel-refused-encoding";

/** Watches a server's connections: counts them, gives them wide windows, closes those that only cost. */
export class ConnectionGuard {
  readonly #limits: ServeLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #isUnary: (path: string) => boolean;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #byAddress = new Map<string, number>();
  readonly #resets = new WeakMap<object, { count: number; atMs: number }>();
  readonly #held: HeldBytes;
  #cancelLook: () => void = () => {};

  constructor(options: {
    readonly limits: ServeLimits;
    readonly clock: Clock;
    readonly logger: Logger;
    readonly isUnary: (path: string) => boolean;
  }) {
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#isUnary = options.isUnary;
    this.#held = new HeldBytes(options.limits.heldBytesMax);
  }

  /** Open connections. */
  get count(): number {
    return this.#sessions.size;
  }

  watch(server: Http2Server): void {
    server.maxConnections = this.#limits.connectionsMax;
    server.prependListener("session", (session: ServerHttp2Session) => this.#admit(session));
    server.prependListener("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) =>
      this.#admitCall(stream, headers),
    );
    this.#lookLater();
  }

  /** A request of so many bytes is whole. */
  request(stream: ServerHttp2Stream, bytes: number): void {
    this.#held.request(stream, bytes);
  }

  /** An answer of so many bytes goes out; whoever does not read it in a time that fits its size gets no more of it. */
  answers(stream: ServerHttp2Stream, bytes: number): void {
    this.#held.answer(stream, bytes);
    const readMs = this.#limits.stalledMs + bytes / SLOWEST_BYTES_PER_MS;
    const cancel = this.#clock.after(readMs, () => stream.close(CANCEL));
    stream.once("close", cancel);
  }

  /** Drops every connection. */
  destroy(): void {
    this.#cancelLook();
    for (const session of [...this.#sessions]) session.destroy();
  }

  /** Counts a connection for its address until it leaves; false, and it is not counted, when that has too many. */
  enter(address: string): boolean {
    const open = (this.#byAddress.get(address) ?? 0) + 1;
    if (open > this.#limits.connectionsPerAddressMax && !isLoopback(address.replace(/^::ffff:/, ""))) {
      this.#logger.debug({ address, open }, "too many connections of one address");
      return false;
    }
    this.#byAddress.set(address, open);
    return true;
  }

  leave(address: string): void {
    const open = (this.#byAddress.get(address) ?? 1) - 1;
    if (open === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, open);
  }

  #admit(session: ServerHttp2Session): void {
    const address = session.socket.remoteAddress ?? "";
    const entered = this.enter(address);
    this.#sessions.add(session);
    this.#held.watch(session);
    const cancel = this.#clock.after(this.#limits.firstByteMs, () => session.destroy());
    session.once("remoteSettings", cancel);
    session.once("close", () => {
      cancel();
      this.#sessions.delete(session);
      if (entered) this.leave(address);
    });
    if (entered) session.setLocalWindowSize(this.#limits.windowBytes);
    else session.destroy();
  }

  #admitCall(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const session = stream.session;
    if (session !== undefined) stream.once("close", () => this.#countReset(session, stream));
    if (headerBytes(headers) > this.#limits.headerBytesMax) return stream.close(ENHANCE_YOUR_CALM);
    refuseEncoding(headers);
    keepTimeout(headers);
    this.#held.watchCall(stream, this.#limits.receiveBytesMax);
    if (!this.#isUnary(String(headers[":path"]))) return;
    const cancel = this.#clock.after(this.#limits.readMs, () => stream.close(CANCEL));
    stream.once("end", cancel);
    stream.once("close", cancel);
  }

  #lookLater(): void {
    this.#cancelLook();
    this.#cancelLook = this.#clock.after(LOOK_MS, () => {
      this.#held.look();
      this.#lookLater();
    });
  }

  /**
   * Closes a connection that opens calls only to reset them. Node's own guard comes a little later, and up to Node 20
   * leaves the socket open for good.
   */
  #countReset(session: Http2Session, stream: ServerHttp2Stream): void {
    if (stream.rstCode === NO_ERROR) return;
    const nowMs = this.#clock.monotonicMs();
    const resets = this.#resets.get(session) ?? { count: 0, atMs: nowMs };
    const forgiven = ((nowMs - resets.atMs) / 1000) * this.#limits.resetsPerSecond;
    const count = Math.max(0, resets.count - forgiven) + 1;
    this.#resets.set(session, { count, atMs: nowMs });
    if (count > this.#limits.resetsMax) session.destroy();
  }
}

/** Keeps the library from inflating anything; the call is refused once it has its handler. */
function refuseEncoding(headers: IncomingHttpHeaders): void {
  const encoding = headers[ENCODING];
  if (encoding === undefined || encoding === "identity") return;
  headers[ENCODING] = "identity";
  headers[REFUSED_ENCODING] = encoding;
}

function headerBytes(headers: IncomingHttpHeaders): number {
  let bytes = 0;
  for (const name in headers) bytes += name.length + String(headers[name]).length;
  return bytes;
}
