import { createPrivateKey, X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { createSecureContext, createServer, type Server, type TLSSocket } from "node:tls";
import type { Clock } from "./clock.js";
import type { AddressGuard } from "./grpc-guards.js";

/** A certificate with what leads up to its authority, and its key, both as PEM. */
export interface TlsIdentity {
  readonly cert: string;
  readonly key: string;
}

/** Why nothing can be served with a certificate and a key, in a few words; null when it can. */
export function tlsProblem({ cert, key }: TlsIdentity): string | null {
  try {
    // A context takes empty texts for none at all.
    new X509Certificate(cert);
    createPrivateKey(key);
    createSecureContext({ cert, key });
    return null;
  } catch (thrown) {
    const { reason, message } = thrown as Error & { readonly reason?: string };
    return reason ?? message;
  }
}

/** Type of the record that a TLS connection begins with; HTTP/2 begins with a `P`. */
const HANDSHAKE = 0x16;
const HTTP2 = "h2";

/** A connection of which nobody knows yet what it will speak. */
interface Newcomer {
  readonly socket: Socket;
  /** Hands it to the server as it is, or what TLS has made of it. */
  enter(ready: Socket): void;
}

/**
 * Lets clients speak TLS or plain HTTP/2 to the same port: the first byte of a connection says which. Behind it both are
 * connections of one server, with its limits. Until then a newcomer has so long as a connection has for its first
 * sign of HTTP/2, and counts for its address.
 */
export class TlsDoor {
  readonly #tls: Server;
  readonly #addresses: AddressGuard;
  readonly #clock: Clock;
  readonly #newcomerMs: number;
  readonly #newcomers = new Map<string, Newcomer>();

  constructor(options: {
    readonly identity: TlsIdentity;
    readonly addresses: AddressGuard;
    readonly clock: Clock;
    /** From accepting a connection to plain HTTP/2, or to the end of the TLS handshake. */
    readonly newcomerMs: number;
  }) {
    const { cert, key } = options.identity;
    this.#addresses = options.addresses;
    this.#clock = options.clock;
    this.#newcomerMs = options.newcomerMs;
    this.#tls = createServer({ cert, key, ALPNProtocols: [HTTP2] });
    this.#tls.on("secureConnection", (socket) => this.#secured(socket));
  }

  /** Drops the newcomers. */
  destroy(): void {
    for (const { socket } of [...this.#newcomers.values()]) socket.destroy();
  }

  /** Newcomers that it looks after. */
  get count(): number {
    return this.#newcomers.size;
  }

  /** Takes a connection that has just come; `serve` gets it as it is, or what TLS has made of it. */
  meet(socket: Socket, serve: (ready: Socket) => void): void {
    // Its close says the same.
    socket.on("error", () => {});
    const address = socket.remoteAddress;
    // One that is over already has no address.
    if (address === undefined || !this.#addresses.enter(address)) return void socket.destroy();
    const id = idOf(socket);
    const cancel = this.#clock.after(this.#newcomerMs, () => socket.destroy());
    const over = (): void => {
      if (!this.#newcomers.delete(id)) return;
      cancel();
      this.#addresses.leave(address);
    };
    const newcomer: Newcomer = {
      socket,
      enter(ready) {
        over();
        serve(ready);
      },
    };
    this.#newcomers.set(id, newcomer);
    socket.once("close", over);
    socket.once("readable", () => this.#look(newcomer));
  }

  #look({ socket, enter }: Newcomer): void {
    const first: Buffer | null = socket.read();
    if (first === null) {
      socket.destroy();
      return;
    }
    socket.unshift(first);
    if (first[0] === HANDSHAKE) this.#tls.emit("connection", socket);
    else enter(socket);
  }

  #secured(socket: TLSSocket): void {
    // An error may come when no session listens for it: nodejs/node#35824.
    socket.on("error", () => {});
    const newcomer = this.#newcomers.get(idOf(socket));
    if (newcomer === undefined || socket.alpnProtocol !== HTTP2) socket.destroy();
    else newcomer.enter(socket);
  }
}

/** The same for a connection and for what TLS has made of it. */
function idOf({ remoteAddress, remotePort, localAddress, localPort }: Socket): string {
  return [remoteAddress, remotePort, localAddress, localPort].join(" ");
}
