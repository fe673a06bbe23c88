import { LogwheelError } from "./errors.js";

/** Version of the wire protocol. Raised when old and new can no longer understand each other. */
export const PROTOCOL_VERSION = "1";

/** Metadata that client and server tell their protocol version with. */
export const PROTOCOL_HEADER = "logwheel-protocol";

/** Metadata that tells what a client is, for people, for example `node/0.1.0`. */
export const CLIENT_HEADER = "logwheel-client";

/**
 * Throws UNSUPPORTED_VERSION, naming both, if the other side speaks another version. One that does not say is taken:
 * callers from generated stubs need not know of this.
 */
export function checkProtocol(theirs: string | undefined, ours: "client" | "server"): void {
  if (theirs === undefined || theirs === PROTOCOL_VERSION) return;
  const other = ours === "client" ? "server" : "client";
  throw new LogwheelError(
    "UNSUPPORTED_VERSION",
    `the ${other} speaks version ${theirs} of the protocol, this ${ours} version ${PROTOCOL_VERSION}; upgrade the older one`,
    { sent: ours === "client" ? "maybe" : "no" },
  );
}
