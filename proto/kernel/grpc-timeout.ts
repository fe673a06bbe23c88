/** How long the caller waits for the end of a call. */
export const TIMEOUT_HEADER = "grpc-timeout";

const UNIT_MS: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** Milliseconds of a timeout as gRPC writes it, for example `5S`; undefined if it is none. */
export function parseTimeout(text: string): number | undefined {
  const [, digits, unit] = /^(\d{1,9})([HMSmun])$/.exec(text) ?? [];
  return digits === undefined ? undefined : Number(digits) * UNIT_MS[unit!]!;
}
