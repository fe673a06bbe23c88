import { encodeHeaders } from "../http2/hpack-encoder.js";
import type { StatusTrailers } from "./error-trailers.js";
import { PROTOCOL_HEADER, PROTOCOL_VERSION } from "./protocol-version.js";

type Fields = readonly (readonly [string, string])[];

/** What every answer begins with. */
const GREETING: Fields = [
  [":status", "200"],
  ["content-type", "application/grpc+proto"],
  [PROTOCOL_HEADER, PROTOCOL_VERSION],
  ["grpc-accept-encoding", "identity"],
];

/** The header blocks of most answers, encoded once: nothing in them differs. */
export const GREETING_BLOCK = encodeHeaders(GREETING);
export const DONE_BLOCK = encodeHeaders([["grpc-status", "0"]]);

/** What ends an answer that has begun, or with `alone` all of an answer that has not. */
export function statusBlock({ status, details, trailers }: StatusTrailers, alone: boolean): Buffer {
  return encodeHeaders([
    ...(alone ? GREETING : []),
    ["grpc-status", String(status)],
    ["grpc-message", encodeURI(details)],
    ...Object.entries(trailers),
  ]);
}

/** The answer to what is no call of gRPC. */
export function httpBlock(status: 405 | 415): Buffer {
  return encodeHeaders([[":status", String(status)]]);
}
