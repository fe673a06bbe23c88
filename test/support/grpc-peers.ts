import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect as http2Connect,
  type SecureClientSessionOptions,
} from "node:http2";
import { connect as netConnect, type Socket } from "node:net";
import type { CallContext, Channel, Codec, Served, Stream } from "../../proto/kernel/channel.js";
import { type Clock, systemClock } from "../../proto/kernel/clock.js";
import { grpcConnect } from "../../proto/kernel/grpc-client.js";
import type { ServeLimits } from "../../proto/kernel/grpc-guards.js";
import { serve } from "../../proto/kernel/grpc-server.js";
import type { TlsIdentity } from "../../proto/kernel/grpc-tls.js";
import type { Listening } from "../../proto/kernel/listening.js";
import { silentLogger } from "../../proto/kernel/logger.js";

const raw: Codec<Buffer> = { encode: (bytes) => bytes, decode: (bytes) => bytes };

/** A service of bytes: `/t.T/Ask` and `/t.T/Talk`. */
export const BYTES = {
  ask: { path: "/t.T/Ask", kind: "unary", request: raw, reply: raw },
  talk: { path: "/t.T/Talk", kind: "stream", request: raw, reply: raw },
} as const;

/** What a test's server does; echoes by default. */
export interface BytesHandlers {
  ask?: (request: Buffer, call: CallContext) => Promise<Buffer> | Buffer;
  talk?: (stream: Stream<Buffer, Buffer>, call: CallContext) => void;
}

const echo: Required<BytesHandlers> = {
  ask: (request) => request,
  talk: (stream) => stream.listen({ message: (m) => stream.write(m), end: () => stream.end(), close() {} }),
};

/** Servers under test and clients of every rank: channels, HTTP/2 by hand, plain sockets. All end with `close`. */
export class GrpcPeers {
  readonly #ends: (() => unknown)[] = [];

  async start(
    handlers: BytesHandlers = {},
    options: {
      readonly listen?: string;
      readonly clock?: Clock;
      readonly limits?: Partial<ServeLimits>;
      readonly more?: readonly Served[];
      readonly tls?: TlsIdentity;
    } = {},
  ): Promise<Listening> {
    const bytes = { name: "t.T", service: BYTES, handlers: { ...echo, ...handlers } };
    const server = await serve({
      listen: options.listen ?? "127.0.0.1:0",
      served: [bytes, ...(options.more ?? [])],
      clock: options.clock ?? systemClock,
      logger: silentLogger,
      tls: options.tls,
      ...(options.limits === undefined ? {} : { limits: options.limits }),
    });
    this.#ends.push(() => server.stop(0));
    return server;
  }

  channel(server: Listening): Channel {
    const channel = grpcConnect({ clock: systemClock, logger: silentLogger, random: () => 0 })(
      server.address,
    );
    this.#ends.push(() => channel.close());
    return channel;
  }

  session(server: Listening, tls?: SecureClientSessionOptions): ClientHttp2Session {
    const session = http2Connect(`http${tls === undefined ? "" : "s"}://${server.address}`, tls);
    session.on("error", () => {});
    this.#ends.push(() => session.destroy());
    return session;
  }

  socket(server: Listening): Socket {
    const socket = netConnect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.resume();
    this.#ends.push(() => socket.destroy());
    return socket;
  }

  /** Ends something more with the others. */
  onClose(end: () => unknown): void {
    this.#ends.push(end);
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#ends
        .splice(0)
        .reverse()
        .map((end) => end()),
    );
  }
}

/** Begins a gRPC call by hand. */
export function request(session: ClientHttp2Session, path: string, headers: object = {}): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": path,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  stream.on("error", () => {});
  return stream;
}

/** The bytes as one gRPC message. */
export function framed(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Resolves at the end of a stream or socket, good or bad. */
export function closing(stream: ClientHttp2Stream | Socket): Promise<unknown> {
  return new Promise((resolve) => stream.once("close", resolve));
}
