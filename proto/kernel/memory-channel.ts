import { CallEnd } from "./call-end.js";
import { aborted, channelClosed, readReply, unknownMethod } from "./call-errors.js";
import { limitCall } from "./call-limit.js";
import type {
  AnyMethod,
  CallContext,
  CallOptions,
  Channel,
  Connect,
  Method,
  Served,
  Stream,
} from "./channel.js";
import type { Clock } from "./clock.js";
import { errorFromTrailers, trailersOf } from "./error-trailers.js";
import { LogwheelError } from "./errors.js";
import type { Listening } from "./listening.js";
import type { Logger } from "./logger.js";
import { type MemoryCall, MemoryServer } from "./memory-server.js";
import { MemoryStream } from "./memory-stream.js";
import { Router } from "./router.js";
import { TypedStream } from "./typed-stream.js";

/** Deliveries in one turn of the event loop before the rest waits for the next, so that timers are never starved. */
const HOPS_MAX = 1000;

function contextOf(end: CallEnd): CallContext {
  return {
    peer: "memory",
    get signal() {
      return end.signal;
    },
    header: () => undefined,
  };
}

/** What a network in the process is made of. */
export interface MemoryNetworkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * SEAM: a network inside the process. Servers and channels behave as over gRPC: every message goes through its codecs
 * and every error through status and trailers, nothing arrives in the turn in which it was sent, links can be cut.
 */
export class MemoryNetwork {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #servers = new Map<string, MemoryServer>();
  readonly #cut = new Set<string>();
  #posted: (() => void)[] = [];
  #hops = 0;

  constructor(options: MemoryNetworkOptions) {
    this.#clock = options.clock;
    this.#logger = options.logger;
  }

  /** Makes channels into this network. */
  readonly connect: Connect = (address) => new MemoryChannel(address, this.#link());

  /** Serves at an address, for example `broker-a:10911`; CONFLICT if it is taken. */
  serve(address: string, served: readonly Served[]): Listening {
    if (this.#servers.has(address))
      throw new LogwheelError(
        "CONFLICT",
        `${address} is in use; stop what listens there or choose another port`,
      );
    const server = new MemoryServer({
      address,
      router: new Router(served, this.#logger),
      clock: this.#clock,
      onStop: (stopped) => {
        if (this.#servers.get(address) === stopped) this.#servers.delete(address);
      },
    });
    this.#servers.set(address, server);
    return server;
  }

  /** Deliveries under way. */
  get pending(): number {
    return this.#posted.length;
  }

  /** Breaks the connections to an address and refuses new ones until `heal`. */
  cut(address: string): void {
    this.#cut.add(address);
    this.#servers.get(address)?.lose();
  }

  heal(address: string): void {
    this.#cut.delete(address);
  }

  #link(): Link {
    return {
      clock: this.#clock,
      find: (address) => (this.#cut.has(address) ? undefined : this.#servers.get(address)),
      post: (run) => this.#post(run),
    };
  }

  #post(run: () => void): void {
    this.#posted.push(run);
    if (this.#posted.length > 1) return;
    if (this.#hops === 0)
      setImmediate(() => {
        this.#hops = 0;
      });
    if (this.#hops++ < HOPS_MAX) queueMicrotask(() => this.#deliver());
    else setImmediate(() => this.#deliver());
  }

  #deliver(): void {
    const posted = this.#posted;
    this.#posted = [];
    for (const run of posted) {
      try {
        run();
      } catch (thrown) {
        this.#logger.error({ err: thrown }, "a delivery in the memory network failed");
      }
    }
  }
}

/** What a channel needs of the network. */
interface Link {
  readonly clock: Clock;
  find(address: string): MemoryServer | undefined;
  post(run: () => void): void;
}

/** As an error looks after it went over the wire. */
function transported(error: LogwheelError): LogwheelError {
  const { trailers } = trailersOf(error);
  return errorFromTrailers((name) => trailers[name]) ?? error;
}

/** A way to one address of a memory network. */
class MemoryChannel implements Channel {
  readonly address: string;
  readonly #link: Link;
  readonly #calls = new Set<(error: LogwheelError) => void>();
  #closed = false;

  constructor(address: string, link: Link) {
    this.address = address;
    this.#link = link;
  }

  unary<Q, QOut, R, ROut>(
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    options: CallOptions = {},
  ): Promise<ROut> {
    return new Promise((resolve, reject) => {
      const bytes = Buffer.from(method.request.encode(request));
      const end = new CallEnd();
      const found = this.#find(options, method);
      if (found instanceof LogwheelError) return this.#link.post(() => reject(found));
      const settle = (act: () => void): void => {
        if (!this.#calls.delete(lose)) return;
        release();
        found.finish(call);
        end.come();
        act();
      };
      const lose = (error: LogwheelError): void => settle(() => reject(error));
      const call: MemoryCall = { client: this, lose };
      this.#calls.add(lose);
      found.begin(call);
      const release = this.#limit(method, options, lose);
      this.#link.post(() => {
        if (!this.#calls.has(lose)) return;
        this.#ask<ROut>(found, method, bytes, end).then(
          (reply) => this.#link.post(() => settle(() => resolve(reply))),
          (thrown: unknown) => this.#link.post(() => settle(() => reject(thrown))),
        );
      });
    });
  }

  async #ask<ROut>(server: MemoryServer, method: AnyMethod, bytes: Buffer, end: CallEnd): Promise<ROut> {
    const route = server.router.routes.get(method.path);
    if (route === undefined) throw unknownMethod(this.address, method);
    let reply: Buffer;
    try {
      reply = Buffer.from(await server.router.unary(route, bytes, contextOf(end)));
    } catch (thrown) {
      throw transported(LogwheelError.from(thrown));
    }
    return readReply(this.address, method, reply);
  }

  open<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, options: CallOptions = {}): Stream<Q, ROut> {
    const { client, server: far } = MemoryStream.pair((run) => this.#link.post(run), transported);
    const end = new CallEnd();
    far.onClosed = () => end.come();
    const found = this.#find(options, method);
    if (found instanceof LogwheelError) client.lose(found);
    else {
      const lose = (error: LogwheelError): void => client.fail(error);
      const call: MemoryCall = {
        client: this,
        stream: far,
        lose: (error) => {
          client.lose(error);
          far.lose(error);
        },
      };
      this.#calls.add(lose);
      found.begin(call);
      const release = this.#limit(method, options, lose);
      client.onClosed = () => {
        this.#calls.delete(lose);
        release();
        found.finish(call);
      };
      this.#link.post(() => {
        const route = found.router.routes.get(method.path);
        if (route === undefined) far.fail(unknownMethod(this.address, method));
        else found.router.stream(route, far, contextOf(end));
      });
    }
    return new TypedStream<Q, ROut>(client, {
      encode: (message) => method.request.encode(message),
      decode: (bytes) => readReply(this.address, method, bytes),
      known: (thrown) => LogwheelError.from(thrown),
    });
  }

  close(): void {
    this.#closed = true;
    for (const lose of [...this.#calls]) lose(channelClosed(this.address, "maybe"));
  }

  /** The server, or why there will be no call. */
  #find(options: CallOptions, method: AnyMethod): MemoryServer | LogwheelError {
    if (this.#closed) return channelClosed(this.address, "no");
    if (options.signal?.aborted) return aborted(method, "no");
    return (
      this.#link.find(this.address) ??
      new LogwheelError("BROKER_UNAVAILABLE", `nothing listens at ${this.address}`)
    );
  }

  #limit(method: AnyMethod, options: CallOptions, lose: (error: LogwheelError) => void): () => void {
    return limitCall({ clock: this.#link.clock, address: this.address, method }, options, lose);
  }
}
