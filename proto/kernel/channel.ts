/** SEAM: the network. Types only; `grpc-client.ts` and `grpc-server.ts` speak gRPC, `memory-channel.ts` stays inside. */

/** Bytes on the wire for values of one type. Decoding throws BAD_REQUEST for bytes that make no sense. */
export interface Codec<In, Out = In> {
  encode(value: In): Buffer;
  decode(bytes: Buffer): Out;
}

/** One remote call. `Q`/`QOut` are the request as it is written and read, `R`/`ROut` the reply. */
export interface Method<Q, QOut, R, ROut> {
  /** For example `/logwheel.v1.Broker/Send`. */
  readonly path: string;
  readonly kind: "unary" | "stream";
  readonly request: Codec<Q, QOut>;
  readonly reply: Codec<R, ROut>;
}

/** How long a call may take and what ends it early. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  /** Milliseconds; TIMEOUT after that. */
  readonly timeoutMs?: number;
}

/** Who listens to a stream. Each function is called in the order in which things happened. */
export interface StreamEvents<In> {
  message(message: In): void;
  /** The other side writes no more. */
  end?(): void;
  /** `write` said false before and may go on now. */
  drain?(): void;
  /** Over, exactly once and always last: null after both sides ended well. */
  close(error: Error | null): void;
}

/** One side of a two-way stream: `Out` is written, `In` is heard. */
export interface Stream<Out, In> {
  /** Starts the flow of messages; called once, in the turn in which the stream was handed over. */
  listen(events: StreamEvents<In>): void;
  /**
   * False when more is queued than the other side takes: wait for `drain`. Also false, and ignored, after the end. A
   * server's bytes are taken before it returns; a client's must stay as they are until they are answered.
   */
  write(message: Out): boolean;
  /** Writes no more. On the server this closes the stream well. */
  end(): void;
  /** Ends both directions at once; the other side's `close` gets the error. */
  fail(error: Error): void;
  /** Stops reading, so that the other side is slowed down by flow control. */
  pause(): void;
  resume(): void;
}

/** Client side: a way to one server. Connects by itself, again and again; calls fail with BROKER_UNAVAILABLE meanwhile. */
export interface Channel {
  readonly address: string;
  unary<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, request: Q, options?: CallOptions): Promise<ROut>;
  open<Q, QOut, R, ROut>(method: Method<Q, QOut, R, ROut>, options?: CallOptions): Stream<Q, ROut>;
  close(): void;
}

/** How a client gets channels: gRPC, or a cluster within the process. */
export type Connect = (address: string) => Channel;

/** What a server knows about a call. */
export interface CallContext {
  /** Remote address, for people. */
  readonly peer: string;
  /** Aborts when the caller has gone or its deadline has passed. */
  readonly signal: AbortSignal;
  /** What the caller sent under a name in small letters beside its request; undefined for nothing. */
  header(name: string): string | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: a table of methods of unlike types
export type AnyMethod = Method<any, any, any, any>;

/** Methods of one service by name, for example `send`. */
export type Service = Readonly<Record<string, AnyMethod>>;

/** What a server does for a method. Whatever it throws reaches the caller as a LogwheelError. */
export type Handler<M> =
  M extends Method<infer _Q, infer QOut, infer R, infer _ROut>
    ? M["kind"] extends "stream"
      ? (stream: Stream<R, QOut>, call: CallContext) => void
      : (request: QOut, call: CallContext) => Promise<R> | R
    : never;

/** One handler for each method of a service. */
export type Handlers<S extends Service> = { readonly [K in keyof S]: Handler<S[K]> };

/** A service with its handlers, ready to be served. */
export interface Served {
  /** For example `logwheel.v1.Broker`. */
  readonly name: string;
  readonly service: Service;
  readonly handlers: Readonly<Record<string, unknown>>;
}
