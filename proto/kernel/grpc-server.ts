import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { formatAddress, parseAddress } from "./address.js";
import { CallEnd } from "./call-end.js";
import { stopping } from "./call-errors.js";
import type { AnyMethod, CallContext, Served } from "./channel.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import { ConnectionGuard, REFUSED_ENCODING, SERVE_LIMITS, type ServeLimits } from "./grpc-guards.js";
import { http2ServersOf, setServerSettings, takeOverCalls } from "./grpc-internals.js";
import { GrpcServerStream } from "./grpc-server-stream.js";
import { textOf } from "./grpc-status.js";
import { TlsDoor, type TlsIdentity } from "./grpc-tls.js";
import { UnaryCall, type UnaryDeps } from "./grpc-unary.js";
import { WriteBudget } from "./grpc-writer.js";
import type { Listening } from "./listening.js";
import type { Logger } from "./logger.js";
import { checkProtocol, PROTOCOL_HEADER, PROTOCOL_VERSION } from "./protocol-version.js";
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

/** Smaller requests and answers are not worth counting. */
const COUNTED_BYTES_MIN = 4_096;

/** What every answer says beside gRPC's own. */
const GREETING = { [PROTOCOL_HEADER]: PROTOCOL_VERSION, "grpc-accept-encoding": "identity" };

type StreamCall = ServerDuplexStream<Buffer, Buffer>;

/** Serves over gRPC. CONFLICT if the port is taken, BAD_REQUEST if the address is no address of this machine. */
export async function serve(options: ServeOptions): Promise<Listening> {
  const server = new GrpcServer(options);
  await server.bind(options.listen);
  return server;
}

class GrpcServer implements Listening {
  address = "";
  port = 0;
  readonly #server: Server;
  readonly #router: Router;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #limits: ServeLimits;
  readonly #guard: ConnectionGuard;
  readonly #door: TlsDoor | undefined;
  readonly #streams = new Set<GrpcServerStream>();
  readonly #greeting = new Metadata();
  readonly #budget = new WriteBudget();
  readonly #unary: UnaryDeps;
  #stopped: Promise<void> | null = null;

  constructor(options: ServeOptions) {
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#limits = { ...SERVE_LIMITS, ...options.limits };
    this.#router = new Router(options.served, options.logger);
    this.#guard = new ConnectionGuard({
      limits: this.#limits,
      clock: options.clock,
      logger: options.logger,
      isUnary: (path) => this.#router.routes.get(path)?.method.kind === "unary",
    });
    this.#door = options.tls && this.#doorFor(options.tls);
    for (const [name, value] of Object.entries(GREETING)) this.#greeting.set(name, value);
    this.#unary = {
      clock: this.#clock,
      receiveBytesMax: this.#limits.receiveBytesMax,
      greeting: GREETING,
      answer: (path, request, call) => this.#answer(path, request, call),
      requests: (stream, bytes) => {
        if (bytes >= COUNTED_BYTES_MIN) this.#guard.request(stream, bytes);
      },
      answers: (stream, bytes) => {
        if (bytes >= COUNTED_BYTES_MIN) this.#guard.answers(stream, bytes);
      },
    };
    this.#server = this.#make();
    for (const { service } of options.served)
      this.#addStreams(Object.values(service).filter(({ kind }) => kind === "stream"));
  }

  #doorFor(identity: TlsIdentity): TlsDoor {
    const newcomerMs = this.#limits.firstByteMs;
    return new TlsDoor({ identity, guard: this.#guard, clock: this.#clock, newcomerMs });
  }

  #make(): Server {
    const limits = this.#limits;
    const server = new Server({
      "grpc.max_receive_message_length": limits.receiveBytesMax,
      "grpc.max_send_message_length": -1,
      "grpc.max_concurrent_streams": limits.streamsMax,
      "grpc.keepalive_time_ms": limits.keepaliveMs,
      "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
      "grpc.max_connection_idle_ms": limits.idleMs,
      "grpc.enable_channelz": 0,
      "grpc-node.max_session_memory": limits.sessionMemoryMb,
    });
    setServerSettings(server, {
      initialWindowSize: limits.windowBytes,
      maxHeaderListSize: limits.headerBytesMax,
    });
    return server;
  }

  /** The library opens and closes streams; unary calls go past it. */
  #addStreams(methods: readonly AnyMethod[]): void {
    if (methods.length === 0) return;
    const definition: Record<string, object> = {};
    const implementation: UntypedServiceImplementation = {};
    for (const { path } of methods) {
      definition[path] = {
        path,
        requestStream: true,
        responseStream: true,
        requestSerialize: asIs,
        requestDeserialize: asIs,
        responseSerialize: asIs,
        responseDeserialize: asIs,
      };
      const route = this.#router.routes.get(path)!;
      implementation[path] = (call: StreamCall) => this.#onStream(route, call);
    }
    this.#server.addService(definition as ServiceDefinition, implementation);
  }

  async bind(listen: string): Promise<void> {
    const { host } = parseAddress(listen);
    this.port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(listen, ServerCredentials.createInsecure(), (error, port) =>
        error === null ? resolve(port) : reject(bindError(listen, error)),
      ),
    );
    this.address = formatAddress({ host, port: this.port });
    takeOverCalls(this.#server, (stream, headers) => this.#take(stream, headers));
    for (const http2Server of http2ServersOf(this.#server)) {
      this.#guard.watch(http2Server);
      this.#door?.watch(http2Server);
    }
  }

  connections(): number {
    return this.#guard.count;
  }

  stop(graceMs: number): Promise<void> {
    this.#stopped ??= this.#stop(graceMs);
    return this.#stopped;
  }

  async #stop(graceMs: number): Promise<void> {
    for (const stream of [...this.#streams]) stream.fail(stopping(this.address));
    this.#door?.destroy();
    const done = new AbortController();
    this.#server.tryShutdown(() => done.abort());
    await this.#clock.sleep(graceMs, done.signal);
    this.#server.forceShutdown();
    this.#guard.destroy();
  }

  /** Takes a unary call; false for any other, which is the library's. */
  #take(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): boolean {
    const path = headers[":path"] ?? "";
    const isGrpc = headers["content-type"]?.startsWith("application/grpc") === true;
    if (!isGrpc || this.#router.routes.get(path)?.method.kind !== "unary") return false;
    new UnaryCall(stream, path, headers, this.#unary);
    return true;
  }

  async #answer(path: string, request: Buffer, call: CallContext): Promise<Buffer> {
    checkProtocol(call.header(PROTOCOL_HEADER), "server");
    checkEncoding(call.header(REFUSED_ENCODING));
    if (this.#stopped !== null) throw stopping(this.address);
    return this.#router.unary(this.#router.routes.get(path)!, request, call);
  }

  #onStream(route: Route, call: StreamCall): void {
    const end = new CallEnd();
    const stream = new GrpcServerStream(call, {
      clock: this.#clock,
      stalledMs: this.#limits.stalledMs,
      budget: this.#budget,
      receiveBytesMax: this.#limits.receiveBytesMax,
      onClosed: () => {
        this.#streams.delete(stream);
        end.come();
      },
    });
    this.#streams.add(stream);
    try {
      this.#router.stream(route, stream, this.#context(call, end));
    } catch (thrown) {
      stream.fail(LogwheelError.from(thrown));
    }
  }

  #context(call: StreamCall, end: CallEnd): CallContext {
    return {
      peer: this.#meet(call),
      get signal() {
        return end.signal;
      },
      header: (name) => textOf(call.metadata, name),
    };
  }

  /** Exchanges versions and refuses newcomers while stopping; the caller's address. */
  #meet(call: StreamCall): string {
    call.sendMetadata(this.#greeting);
    checkProtocol(textOf(call.metadata, PROTOCOL_HEADER), "server");
    checkEncoding(textOf(call.metadata, REFUSED_ENCODING));
    if (this.#stopped !== null) throw stopping(this.address);
    return call.getPeer();
  }
}

function checkEncoding(refused: string | undefined): void {
  if (refused === undefined) return;
  throw new LogwheelError(
    "UNSUPPORTED_VERSION",
    `requests compressed by ${refused.slice(0, 20)} are not taken: send them as they are; bodies may be compressed by their producer`,
  );
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function bindError(listen: string, error: Error): LogwheelError {
  const details = { cause: error };
  if (error.message.includes("EADDRINUSE"))
    return new LogwheelError(
      "CONFLICT",
      `${listen} is in use by another process; stop that one or listen on another port`,
      details,
    );
  if (error.message.includes("EACCES"))
    return new LogwheelError(
      "FORBIDDEN",
      `this user may not listen on ${listen}; ports below 1024 need more rights`,
      details,
    );
  return new LogwheelError(
    "BAD_REQUEST",
    `cannot listen on ${listen}: is it an address of this machine? (${error.message})`,
    details,
  );
}
