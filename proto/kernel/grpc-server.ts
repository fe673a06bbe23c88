import type { Connection } from "../http2/connection.js";
import type { Http2Stream } from "../http2/stream.js";
import { CallEnd } from "./call-end.js";
import { stopping } from "./call-errors.js";
import type { CallContext, Served } from "./channel.js";
import type { Clock } from "./clock.js";
import { LogwheelError, status } from "./errors.js";
import { httpBlock, statusBlock } from "./grpc-blocks.js";
import { Deadlines } from "./grpc-deadlines.js";
import { SERVE_LIMITS, type ServeLimits } from "./grpc-guards.js";
import { GrpcListener } from "./grpc-listener.js";
import { GrpcServerStream, type ServerStreamDeps } from "./grpc-server-stream.js";
import type { TlsIdentity } from "./grpc-tls.js";
import { UnaryCall, type UnaryDeps } from "./grpc-unary.js";
import { WriteBudget } from "./grpc-writer.js";
import type { Listening } from "./listening.js";
import type { Logger } from "./logger.js";
import { checkProtocol, PROTOCOL_HEADER } from "./protocol-version.js";
import { type Route, Router } from "./router.js";

/** What a server needs. */
export interface ServeOptions {
  /** `host:port`; port 0 takes any that is free. */
  readonly listen: string;
  readonly served: readonly Served[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** Speaks TLS too, on the same port, to clients that begin with it. */
  readonly tls?: TlsIdentity | undefined;
  readonly limits?: Partial<ServeLimits>;
}

/** Serves over gRPC. CONFLICT if the port is taken, BAD_REQUEST if the address is no address of this machine. */
export async function serve(options: ServeOptions): Promise<Listening> {
  const server = new GrpcServer(options);
  await server.bind(options.listen);
  return server;
}

/** Calls of gRPC on streams of HTTP/2. */
class GrpcServer implements Listening {
  readonly #router: Router;
  readonly #listener: GrpcListener;
  readonly #deadlines: Deadlines;
  readonly #streams = new Set<GrpcServerStream>();
  readonly #unary: UnaryDeps;
  readonly #stream: ServerStreamDeps;
  #stopped: Promise<void> | null = null;

  constructor({ clock, logger, served, tls, ...options }: ServeOptions) {
    const limits = { ...SERVE_LIMITS, ...options.limits };
    this.#router = new Router(served, logger);
    this.#deadlines = new Deadlines(clock);
    const call = (stream: Http2Stream, connection: Connection): void => this.#call(stream, connection);
    this.#listener = new GrpcListener({ limits, clock, logger, tls, call });
    const deadlines = this.#deadlines;
    this.#unary = {
      ...{ clock, deadlines, receiveBytesMax: limits.receiveBytesMax },
      ...{ readMs: limits.readMs, stalledMs: limits.stalledMs },
      answer: (route, request, context) => this.#answer(route, request, context),
    };
    this.#stream = {
      ...{ clock, deadlines, receiveBytesMax: limits.receiveBytesMax },
      ...{ stalledMs: limits.stalledMs, budget: new WriteBudget() },
    };
  }

  get address(): string {
    return this.#listener.address;
  }

  get port(): number {
    return this.#listener.port;
  }

  bind(listen: string): Promise<void> {
    return this.#listener.bind(listen);
  }

  connections(): number {
    return this.#listener.count;
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    for (const stream of [...this.#streams]) stream.fail(stopping(this.address));
    await this.#listener.stop(graceMs);
    this.#deadlines.close();
  }

  #call(stream: Http2Stream, { client }: Connection): void {
    const { headers } = stream;
    if (headers.get(":method") !== "POST") return stream.end(httpBlock(405));
    if (!isGrpc(headers.get("content-type"))) return stream.end(httpBlock(415));
    const path = headers.get(":path")!;
    const route = this.#router.routes.get(path);
    if (route === undefined) return unknown(stream, path);
    if (route.method.kind === "unary") new UnaryCall(stream, route, client, this.#unary);
    else this.#open(stream, route, client);
  }

  #answer(route: Route, request: Buffer, context: CallContext): Promise<Buffer> {
    this.#meet(context);
    return this.#router.unary(route, request, context);
  }

  #open(http2: Http2Stream, route: Route, peer: string): void {
    const end = new CallEnd();
    const context: CallContext = {
      peer,
      get signal() {
        return end.signal;
      },
      header: (name) => http2.headers.get(name),
    };
    const stream = new GrpcServerStream(http2, this.#stream, () => {
      this.#streams.delete(stream);
      end.come();
    });
    this.#streams.add(stream);
    try {
      this.#meet(context);
    } catch (thrown) {
      return stream.fail(LogwheelError.from(thrown));
    }
    if (stream.begin()) this.#router.stream(route, stream, context);
  }

  /** Compares versions, and refuses newcomers while stopping. */
  #meet(context: CallContext): void {
    checkProtocol(context.header(PROTOCOL_HEADER), "server");
    checkEncoding(context.header("grpc-encoding"));
    if (this.#stopped !== null) throw stopping(this.address);
  }
}

/** With any encoding of messages, because methods have one each; not what only begins like it, such as gRPC-Web. */
function isGrpc(contentType: string | undefined): boolean {
  if (contentType?.startsWith(GRPC) !== true) return false;
  const next = contentType[GRPC.length];
  return next === undefined || next === "+" || next === ";";
}

const GRPC = "application/grpc";

function unknown(stream: Http2Stream, path: string): void {
  const details = `The server does not implement the method ${path.slice(0, PATH_SHOWN_MAX)}`;
  stream.end(statusBlock({ status: status.UNIMPLEMENTED, details, trailers: {} }, true));
}

const PATH_SHOWN_MAX = 200;

function checkEncoding(encoding: string | undefined): void {
  if (encoding === undefined || encoding === "identity") return;
  throw new LogwheelError(
    "UNSUPPORTED_VERSION",
    `requests compressed by ${encoding.slice(0, 20)} are not taken: send them as they are; bodies may be compressed by their producer`,
  );
}
