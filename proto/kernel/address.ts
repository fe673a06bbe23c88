import { LogwheelError } from "./errors.js";

/** Where a server listens or is found. */
export interface Address {
  /** A name or an IP address, the latter without brackets. */
  readonly host: string;
  readonly port: number;
}

/** Reads `host:port` or `[ipv6]:port`; BAD_REQUEST says what is wrong with anything else. */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] =
    /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(text) ?? [];
  const host = bracketed ?? plain;
  const port = Number(digits);
  if (host === undefined || port > 65_535)
    throw new LogwheelError(
      "BAD_REQUEST",
      `${JSON.stringify(text)} is not an address such as 10.0.0.5:10911`,
    );
  return { host, port };
}

/** Writes an address so that `parseAddress` reads it back. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Whether the host means every interface of the machine: good to listen on, no address to be found under. */
export function isWildcard(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** Whether the host means this machine alone. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
