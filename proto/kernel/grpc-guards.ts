import { isLoopback } from "./address.js";
import type { Logger } from "./logger.js";

/** What a server lets its callers use. */
export interface ServeLimits {
  /** Open connections in all. */
  readonly connectionsMax: number;
  /** Open connections of one address; loopback addresses have no such limit. */
  readonly connectionsPerAddressMax: number;
  /** Concurrent calls and streams of one connection. */
  readonly streamsMax: number;
  /** Largest message that is read. */
  readonly receiveBytesMax: number;
  /** Flow-control window of each connection and stream. */
  readonly windowBytes: number;
  /** What all callers together make the server hold; above it the connection with the most is closed. */
  readonly heldBytesMax: number;
  /** All headers of one call together. */
  readonly headerBytesMax: number;
  /** Calls of one connection that may end by reset in a burst, and how many are forgiven in a second. */
  readonly resetsMax: number;
  readonly resetsPerSecond: number;
  /** Time from accepting a connection to its first sign of HTTP/2. */
  readonly firstByteMs: number;
  /** Time after which a connection without calls is closed. */
  readonly idleMs: number;
  /** Time between pings, and for the answer to one. */
  readonly keepaliveMs: number;
  readonly keepaliveTimeoutMs: number;
  /** Time for the whole request of a unary call to arrive. */
  readonly readMs: number;
  /** Time after which a stream is closed whose caller reads nothing. */
  readonly stalledMs: number;
}

/** What servers use unless they are told otherwise. */
export const SERVE_LIMITS: ServeLimits = {
  connectionsMax: 4000,
  connectionsPerAddressMax: 200,
  streamsMax: 128,
  receiveBytesMax: 16 << 20,
  windowBytes: 8 << 20,
  heldBytesMax: 256 << 20,
  headerBytesMax: 16 << 10,
  resetsMax: 800,
  resetsPerSecond: 33,
  firstByteMs: 10_000,
  idleMs: 120_000,
  keepaliveMs: 30_000,
  keepaliveTimeoutMs: 10_000,
  readMs: 30_000,
  stalledMs: 30_000,
};

/** Counts the connections of each address. */
export class AddressGuard {
  readonly #perAddressMax: number;
  readonly #logger: Logger;
  readonly #byAddress = new Map<string, number>();

  constructor(perAddressMax: number, logger: Logger) {
    this.#perAddressMax = perAddressMax;
    this.#logger = logger;
  }

  /** Counts a connection for its address until it leaves; false, and it is not counted, when that has too many. */
  enter(address: string): boolean {
    const open = (this.#byAddress.get(address) ?? 0) + 1;
    if (open > this.#perAddressMax && !isLoopback(address.replace(/^::ffff:/, ""))) {
      this.#logger.debug({ address, open }, "too many connections of one address");
      return false;
    }
    this.#byAddress.set(address, open);
    return true;
  }

  leave(address: string): void {
    const open = (this.#byAddress.get(address) ?? 1) - 1;
    if (open === 0) this.#byAddress.delete(address);
    else this.#byAddress.set(address, open);
  }
}
