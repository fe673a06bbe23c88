import { type Client, Metadata, type ServiceError, type StatusObject } from "@grpc/grpc-js";
import { aborted, channelClosed, readReply } from "./call-errors.js";
import type { AnyMethod, CallOptions, Channel, Connect, Method, Stream } from "./channel.js";
import type { Clock } from "./clock.js";
import { ClosedStream } from "./closed-stream.js";
import { LogwheelError } from "./errors.js";
import { GrpcClientStream } from "./grpc-client-stream.js";
import { type ChannelState, type ConnectionOptions, GrpcConnection } from "./grpc-connection.js";
import { errorOfStatus, textOf } from "./grpc-status.js";
import { WriteBudget } from "./grpc-writer.js";
import { RECEIVE_BYTES_MAX } from "./limits.js";
import type { Logger } from "./logger.js";
import { CLIENT_HEADER, checkProtocol, PROTOCOL_HEADER, PROTOCOL_VERSION } from "./protocol-version.js";
import { TypedStream } from "./typed-stream.js";

/** What channels over gRPC need. */
export interface GrpcConnectOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Spreads the tries of clients that lost their server together. */
  readonly random: () => number;
  /** What this client is, for people, for example `node/0.1.0`. */
  readonly client?: string;
  /** Flow-control window of each connection and stream. */
  readonly windowBytes?: number;
  /** Time between pings on a connection with calls, and for the answer to one. */
  readonly keepaliveMs?: number;
  readonly keepaliveTimeoutMs?: number;
  /** Told when a channel's connection comes, goes or fails to come. */
  readonly onState?: (address: string, state: ChannelState, error?: LogwheelError) => void;
}

/** The longest time told to a server: longer ones overflow its timers. */
const DEADLINE_MS_MAX = 86_400_000;

/**
 * Streams of one connection, before there is another. Servers allow 128 calls and streams by default; further ones would wait,
 * without a word, until one of those is over, and a stream may never be.
 */
const STREAMS_PER_CONNECTION = 96;

/** A connection, and how many streams are open on it. */
interface Line {
  readonly connection: GrpcConnection;
  streams: number;
}

/** Makes channels that speak gRPC without encryption. */
export function grpcConnect(options: GrpcConnectOptions): Connect {
  return (address) => new GrpcChannel(address, options);
}

class GrpcChannel implements Channel {
  readonly address: string;
  readonly #clock: Clock;
  readonly #logger: Logger;
  /** The first is there as long as the channel, tells its state and has the unary calls; others come and go with their streams. */
  readonly #lines: [Line, ...Line[]];
  readonly #metadata = new Metadata();
  readonly #budget = new WriteBudget();
  readonly #calls = new Set<(error: LogwheelError) => void>();
  readonly #connect: (onState: ConnectionOptions["onState"]) => GrpcConnection;

  constructor(address: string, options: GrpcConnectOptions) {
    this.address = address;
    this.#clock = options.clock;
    this.#logger = options.logger;
    this.#metadata.set(PROTOCOL_HEADER, PROTOCOL_VERSION);
    if (options.client !== undefined) this.#metadata.set(CLIENT_HEADER, options.client);
    const { clock, random } = options;
    const channelOptions = {
      "grpc.max_receive_message_length": RECEIVE_BYTES_MAX,
      "grpc.max_send_message_length": -1,
      "grpc.keepalive_time_ms": options.keepaliveMs ?? 10_000,
      "grpc.keepalive_timeout_ms": options.keepaliveTimeoutMs ?? 5_000,
      "grpc.keepalive_permit_without_calls": 1,
      "grpc.enable_retries": 0,
      "grpc.enable_channelz": 0,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.service_config_disable_resolution": 1,
      "grpc-node.flow_control_window": options.windowBytes ?? 8 << 20,
    };
    this.#connect = (onState) => new GrpcConnection({ address, clock, random, channelOptions, onState });
    const first = this.#connect((state, error) =>
      this.#guard(() => options.onState?.(address, state, error)),
    );
    this.#lines = [{ connection: first, streams: 0 }];
  }

  async unary<Q, QOut, R, ROut>(
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    options: CallOptions = {},
  ): Promise<ROut> {
    if (options.signal?.aborted) throw aborted(method, "no");
    const reply = await this.#ask(method, method.request.encode(request), options);
    return readReply(this.address, method, reply);
  }

  #ask(method: AnyMethod, request: Buffer, options: CallOptions): Promise<Buffer> {
    const client = this.#lines[0].connection.client();
    return new Promise((resolve, reject) => {
      let failure: LogwheelError | null = null;
      const finish = (error: ServiceError | null, reply?: Buffer): void => {
        release();
        if (failure !== null) reject(failure);
        else if (error !== null) reject(this.#errorOf(error, method, options));
        else resolve(reply!);
      };
      const call = client.makeUnaryRequest(
        method.path,
        asIs,
        asIs,
        request,
        this.#metadata,
        this.#deadline(options),
        finish,
      );
      const lose = (error: LogwheelError): void => {
        failure ??= error;
        call.cancel();
      };
      const release = this.#hold(method, options, lose);
      call.once("metadata", (metadata: Metadata) => {
        try {
          checkProtocol(textOf(metadata, PROTOCOL_HEADER), "client");
        } catch (thrown) {
          lose(LogwheelError.from(thrown));
        }
      });
    });
  }

  open<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, options: CallOptions = {}): Stream<Q, ROut> {
    return new TypedStream<Q, ROut>(this.#openBytes(method, options), {
      encode: (message) => method.request.encode(message),
      decode: (bytes) => readReply(this.address, method, bytes),
      known: (thrown) => {
        if (!LogwheelError.is(thrown)) this.#logger.error({ err: thrown }, "a listener of a stream failed");
        return LogwheelError.from(thrown);
      },
    });
  }

  #openBytes(method: AnyMethod, options: CallOptions): Stream<Buffer, Buffer> {
    if (options.signal?.aborted) return new ClosedStream(aborted(method, "no"));
    const line = this.#line();
    let client: Client;
    try {
      client = line.connection.client();
    } catch (thrown) {
      return new ClosedStream(LogwheelError.from(thrown));
    }
    const call = client.makeBidiStreamRequest(
      method.path,
      asIs,
      asIs,
      this.#metadata,
      this.#deadline(options),
    );
    const stream = new GrpcClientStream(call, {
      budget: this.#budget,
      errorOf: (status) => this.#errorOf(status, method, options),
      onClosed: () => {
        release();
        this.#leave(line);
      },
    });
    const release = this.#hold(method, options, (error) => stream.fail(error));
    line.streams++;
    return stream;
  }

  /** A connection with room for a stream. */
  #line(): Line {
    const [first] = this.#lines;
    if (first.connection.state === "closed") return first;
    let line = this.#lines.find(({ streams }) => streams < STREAMS_PER_CONNECTION);
    if (line === undefined) {
      line = { connection: this.#connect(() => {}), streams: 0 };
      this.#lines.push(line);
    }
    return line;
  }

  /** A stream of it is over. */
  #leave(line: Line): void {
    line.streams--;
    const at = this.#lines.indexOf(line);
    if (line.streams > 0 || at <= 0) return;
    this.#lines.splice(at, 1);
    line.connection.close();
  }

  close(): void {
    for (const { connection } of this.#lines) connection.close();
    for (const lose of [...this.#calls]) lose(channelClosed(this.address, "maybe"));
  }

  /** Ends the call when its signal aborts or the channel is closed; the result takes both back. */
  #hold(method: AnyMethod, { signal }: CallOptions, lose: (error: LogwheelError) => void): () => void {
    const abort = (): void => lose(aborted(method, "maybe"));
    signal?.addEventListener("abort", abort, { once: true });
    this.#calls.add(lose);
    return () => {
      this.#calls.delete(lose);
      signal?.removeEventListener("abort", abort);
    };
  }

  #deadline({ timeoutMs }: CallOptions): { deadline?: number } {
    if (timeoutMs === undefined) return {};
    return { deadline: this.#clock.nowMs() + Math.min(timeoutMs, DEADLINE_MS_MAX) };
  }

  #errorOf(failure: StatusObject | ServiceError, method: AnyMethod, options: CallOptions): LogwheelError {
    return errorOfStatus(failure, { address: this.address, method, timeoutMs: options.timeoutMs });
  }

  #guard(run: () => void): void {
    try {
      run();
    } catch (thrown) {
      this.#logger.error({ err: thrown }, "a listener of a channel's state failed");
    }
  }
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}
