import type { IncomingHttpHeaders } from "node:http2";

const HEADER = "grpc-timeout";

/** Metadata in which handlers find the caller's timeout, in whole milliseconds. */
export const TIMEOUT_HEADER = "logwheel-timeout-ms";

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The library's timers end here; beyond, it takes a time for one that is over. */
export const LIBRARY_MS_MAX = 2 ** 31 - 1;

/** Milliseconds of a timeout as gRPC writes it, for example `5S`; undefined if it is none. */
export function parseTimeout(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([HMSmun])$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNIT_MS[unit!]!;
}

/**
 * Tells handlers the timeout, and keeps one that the library cannot count from it: RocketMQ's clients give streams that stay
 * open sixty years.
 */
export function keepTimeout(headers: IncomingHttpHeaders): void {
  const timeoutMs = parseTimeout(String(headers[HEADER] ?? ""));
  delete headers[TIMEOUT_HEADER];
  if (timeoutMs === undefined) return;
  headers[TIMEOUT_HEADER] = String(Math.floor(timeoutMs));
  if (timeoutMs > LIBRARY_MS_MAX) delete headers[HEADER];
}
