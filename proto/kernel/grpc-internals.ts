import assert from "node:assert/strict";
import type {
  ClientHttp2Stream,
  Http2Server,
  IncomingHttpHeaders,
  ServerHttp2Session,
  ServerHttp2Stream,
} from "node:http2";
import type { Readable } from "node:stream";
import type { Server } from "@grpc/grpc-js";

/**
 * What grpc-js 1.14 keeps to itself and a broker cannot do without, in one place.
 *
 * Most give up without harm when a name has gone: the server is slower then, or holds less tight limits. Servers and
 * streams cannot do without `takeOverCalls`, `takeOverStream` and `takeOverClientStream`: package.json asks for exactly this
 * version of the library. A test fails so that somebody notices.
 */
interface ServerInternals {
  commonServerOptions?: { settings?: object };
  http2Servers?: Map<Http2Server, { sessions?: Set<ServerHttp2Session> }>;
}

/** Sets HTTP/2 settings before the server listens: the library passes none on to servers (grpc-node#3058). */
export function setServerSettings(server: Server, settings: object): boolean {
  const { commonServerOptions } = server as unknown as ServerInternals;
  if (commonServerOptions === undefined) return false;
  commonServerOptions.settings = { ...commonServerOptions.settings, ...settings };
  return true;
}

/** The HTTP/2 servers behind a bound server; empty when they cannot be found. */
export function http2ServersOf(server: Server): Http2Server[] {
  const { http2Servers } = server as unknown as ServerInternals;
  return http2Servers instanceof Map ? [...http2Servers.keys()] : [];
}

type StreamListener = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) => void;

/**
 * Calls of a bound server go to `take` first; the library gets those that it does not take. It still counts the streams of all,
 * because it closes connections that have had none for long.
 */
export function takeOverCalls(
  server: Server,
  take: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => boolean,
): void {
  const library = server as unknown as { onStreamOpened?(stream: ServerHttp2Stream): void };
  const servers = http2ServersOf(server);
  assert(servers.length > 0 && library.onStreamOpened !== undefined, MOVED);
  for (const http2Server of servers) {
    const own = http2Server.listeners("stream").at(-1) as StreamListener | undefined;
    assert(own !== undefined, MOVED);
    http2Server.removeListener("stream", own);
    http2Server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, flags: number) => {
      if (take(stream, headers)) library.onStreamOpened!(stream);
      else own.call(http2Server, stream, headers, flags);
    });
  }
}

const MOVED = "grpc-js has moved the calls of a server";

/** The HTTP/2 stream below a server's call. */
function http2StreamOf(call: object): ServerHttp2Stream | undefined {
  return (call as { call?: { stream?: ServerHttp2Stream } }).call?.stream;
}

/**
 * The HTTP/2 stream below a server's call, whose messages the library reads no more; it does not flow yet. The library
 * still answers the call and notices its end.
 */
export function takeOverStream(call: object): ServerHttp2Stream {
  const stream = http2StreamOf(call);
  const own = stream?.listeners("data").at(-1);
  assert(stream !== undefined && own !== undefined, "grpc-js has moved the stream of a call");
  stream.removeListener("data", own as (chunk: Buffer) => void);
  stream.pause();
  return stream;
}

/** What the library has of a client's call at the bottom. */
interface BottomCall {
  readonly http2Stream?: ClientHttp2Stream;
  readonly decoder?: { readonly readState: number };
  readonly unpushedReadMessages?: readonly unknown[];
  readonly isPushPending?: boolean;
}

/**
 * The HTTP/2 stream below a client's call that has had its metadata: the library reads no more messages from it; it does not
 * flow yet. Undefined while one is on its way through the library: ask again when that has come. The library still
 * notices the status and the end.
 */
export function takeOverClientStream(call: object): ClientHttp2Stream | undefined {
  const bottom = bottomOf(call);
  const own = bottom?.http2Stream?.listeners("data").at(-1);
  assert(bottom?.http2Stream !== undefined && own !== undefined, "grpc-js has moved the stream of a call");
  const { http2Stream, decoder, unpushedReadMessages, isPushPending } = bottom;
  if (decoder?.readState !== 0 || unpushedReadMessages?.length !== 0 || isPushPending !== false)
    return undefined;
  http2Stream.removeListener("data", own as (chunk: Buffer) => void);
  http2Stream.pause();
  return http2Stream;
}

/** Below interceptors, name resolution, retries and load balancing. */
function bottomOf(call: object): BottomCall | undefined {
  const path = ["call", "call", "child", "underlyingCalls", "0", "call", "child"];
  let inner: unknown = call;
  for (const name of path) inner = (inner as Record<string, unknown> | undefined)?.[name];
  return inner as BottomCall | undefined;
}

/** Makes a stream read one message ahead, not sixteen, whatever their size. */
export function readOneAhead(stream: Readable): boolean {
  const state = (stream as unknown as { _readableState?: { highWaterMark?: number } })._readableState;
  if (typeof state?.highWaterMark !== "number") return false;
  state.highWaterMark = 1;
  return true;
}
