import assert from "node:assert/strict";
import type { ClientHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";

/*
 * What grpc-js 1.14 keeps to itself and a client's streams cannot do without, in one place: package.json asks for exactly
 * this version of the library. `readOneAhead` gives up without harm when its name has gone: more memory is used then. A test
 * fails so that somebody notices.
 */

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
