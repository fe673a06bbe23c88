import { lookup } from "node:dns/promises";
import { createServer, isIP, type Server, type Socket } from "node:net";
import { Connection, type ConnectionLimits, type ConnectionOwner } from "../http2/connection.js";
import { FRAME_BYTES_DEFAULT } from "../http2/frames.js";
import { ChunkPool } from "../http2/output.js";
import type { Http2Stream } from "../http2/stream.js";
import { formatAddress, parseAddress } from "./address.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";
import { AddressGuard, type ServeLimits } from "./grpc-guards.js";
import { HeldBytes } from "./grpc-memory.js";
import { TlsDoor, type TlsIdentity } from "./grpc-tls.js";
import type { Logger } from "./logger.js";

/** How often connections are looked after at least. */
const LOOK_MS = 1_000;

/** What a listener needs. */
export interface ListenerOptions {
  readonly limits: ServeLimits;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tls: TlsIdentity | undefined;
  /** Takes a call: it wants a reader at once. */
  call(stream: Http2Stream, connection: Connection): void;
}

/** Lets connections in, as many as there may be, and looks after them. */
export class GrpcListener implements ConnectionOwner {
  address = "";
  port = 0;
  readonly call: (stream: Http2Stream, connection: Connection) => void;
  readonly #limits: ServeLimits;
  readonly #connectionLimits: ConnectionLimits;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #addresses: AddressGuard;
  readonly #door: TlsDoor | undefined;
  readonly #held: HeldBytes;
  readonly #pool = new ChunkPool();
  readonly #connections = new Map<Connection, Guest>();
  readonly #servers: Server[] = [];
  readonly #empty = new AbortController();
  #stopping = false;
  #cancelLook = (): void => {};

  constructor(options: ListenerOptions) {
    const { limits, clock, logger, tls } = options;
    this.call = options.call;
    this.#limits = limits;
    this.#connectionLimits = { ...limits, frameBytesMax: FRAME_BYTES_DEFAULT };
    this.#clock = clock;
    this.#logger = logger;
    this.#addresses = new AddressGuard(limits.connectionsPerAddressMax, logger);
    this.#held = new HeldBytes(limits.heldBytesMax, () => this.#connections.keys());
    this.#door =
      tls &&
      new TlsDoor({ identity: tls, addresses: this.#addresses, clock, newcomerMs: limits.firstByteMs });
  }

  /** Open connections. */
  get count(): number {
    return this.#connections.size;
  }

  /** CONFLICT if the port is taken, BAD_REQUEST if the address is none of this machine. */
  async bind(listen: string): Promise<void> {
    const { host, port } = parseAddress(listen);
    try {
      this.port = port;
      await this.#listenAll(await addressesOf(host));
    } catch (thrown) {
      for (const server of this.#servers) server.close();
      throw bindError(listen, thrown as Error);
    }
    this.address = formatAddress({ host, port: this.port });
    this.#lookLater();
  }

  /** Takes no new connections and calls, waits for those that run, and drops them after so long. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const server of this.#servers) server.close();
    this.#door?.destroy();
    for (const connection of [...this.#connections.keys()]) connection.leave();
    if (this.count === 0) this.#empty.abort();
    await this.#clock.sleep(graceMs, this.#empty.signal);
    for (const connection of [...this.#connections.keys()]) connection.destroy();
    this.#cancelLook();
  }

  now(): number {
    return this.#clock.monotonicMs();
  }

  met(connection: Connection): void {
    this.#connections.get(connection)?.cancelFirst();
  }

  held(_connection: Connection, bytes: number): void {
    this.#held.add(bytes);
  }

  closed(connection: Connection): void {
    const guest = this.#connections.get(connection);
    if (guest === undefined) return;
    this.#connections.delete(connection);
    guest.cancelFirst();
    this.#addresses.leave(guest.address);
    if (this.#stopping && this.count === 0) this.#empty.abort();
  }

  failed(thrown: unknown): void {
    this.#logger.error({ err: thrown }, "reading a connection failed");
  }

  /** A name may stand for addresses that this machine does not have, such as one of IPv6: one that it has is enough. */
  async #listenAll(hosts: readonly string[]): Promise<void> {
    let missing: unknown;
    for (const host of hosts)
      try {
        await this.#listen(host);
      } catch (thrown) {
        if (!NO_SUCH_ADDRESS.includes((thrown as NodeJS.ErrnoException).code ?? "")) throw thrown;
        missing ??= thrown;
      }
    if (this.#servers.length === 0) throw missing;
  }

  async #listen(host: string): Promise<void> {
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(this.port, host, resolve);
    });
    // What may still come concerns one connection, which is not accepted.
    server.on("error", () => {});
    this.#servers.push(server);
    this.port = (server.address() as { port: number }).port;
  }

  #accept(socket: Socket): void {
    if (this.count + (this.#door?.count ?? 0) >= this.#limits.connectionsMax) return void socket.destroy();
    if (this.#door === undefined) this.#serve(socket);
    else this.#door.meet(socket, (ready) => this.#serve(ready));
  }

  #serve(socket: Socket): void {
    const { remoteAddress: address, remotePort } = socket;
    // One that is over already has no address.
    if (this.#stopping || socket.destroyed || address === undefined || !this.#addresses.enter(address)) {
      socket.on("error", () => {});
      socket.destroy();
      return;
    }
    const connection = new Connection({
      socket,
      client: `${address}:${remotePort}`,
      limits: this.#connectionLimits,
      pool: this.#pool,
      owner: this,
    });
    const cancelFirst = this.#clock.after(this.#limits.firstByteMs, () => connection.destroy());
    this.#connections.set(connection, { address, cancelFirst });
  }

  #lookLater(): void {
    const { keepaliveMs, keepaliveTimeoutMs } = this.#limits;
    this.#cancelLook = this.#clock.after(Math.min(LOOK_MS, keepaliveMs, keepaliveTimeoutMs), () => {
      const nowMs = this.now();
      for (const connection of [...this.#connections.keys()]) connection.look(nowMs);
      this.#lookLater();
    });
  }
}

const NO_SUCH_ADDRESS = ["EADDRNOTAVAIL", "EAFNOSUPPORT"];

/** What is remembered of an open connection. */
interface Guest {
  readonly address: string;
  /** It has spoken in time. */
  cancelFirst(): void;
}

/** A name may stand for several addresses of this machine, such as one of each version of IP. */
async function addressesOf(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  return [...new Set((await lookup(host, { all: true })).map(({ address }) => address))];
}

function bindError(listen: string, error: Error): LogwheelError {
  const details = { cause: error };
  if (error.message.includes("EADDRINUSE"))
    return new LogwheelError(
      "CONFLICT",
      `${listen} is in use by another process; stop that one or listen on another port`,
      details,
    );
  if (error.message.includes("EACCES"))
    return new LogwheelError(
      "FORBIDDEN",
      `this user may not listen on ${listen}; ports below 1024 need more rights`,
      details,
    );
  return new LogwheelError(
    "BAD_REQUEST",
    `cannot listen on ${listen}: is it an address of this machine? (${error.message})`,
    details,
  );
}
