import type { Channel, Connect, Method, Stream } from "../../proto/kernel/channel.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import type { StatusFeed } from "./status.js";
import type { CallOptions } from "./types.js";

type State = "new" | "connected" | "reconnecting";

interface Connection {
  readonly channel: Channel;
  state: State;
}

/**
 * One channel for each address, however many producers and consumers use it, and what is known of its state.
 *
 * Channels reconnect by themselves; a state changes when a call or stream tells what it saw.
 */
export class Connections {
  readonly #connect: Connect;
  readonly #status: StatusFeed;
  readonly #byAddress = new Map<string, Connection>();
  #closed = false;

  constructor(connect: Connect, status: StatusFeed) {
    this.#connect = connect;
    this.#status = status;
  }

  /** Open channels. */
  get count(): number {
    return this.#byAddress.size;
  }

  /** A unary call; failures of the connection itself change its state. */
  async call<Q, QOut, R, ROut>(
    address: string,
    method: Method<Q, QOut, R, ROut>,
    request: Q,
    options: CallOptions,
  ): Promise<ROut> {
    try {
      const reply = await this.#connection(address).channel.unary(method, request, options);
      this.up(address);
      return reply;
    } catch (thrown) {
      const error = LogwheelError.from(thrown);
      if (isConnectionFailure(error)) this.down(address, error);
      throw error;
    }
  }

  /** A stream; whoever holds it reports with `up` and `down`. */
  open<Q, QOut, R, ROut>(address: string, method: Method<Q, QOut, R, ROut>): Stream<Q, ROut> {
    return this.#connection(address).channel.open(method);
  }

  /** The other side has been heard. */
  up(address: string): void {
    const connection = this.#byAddress.get(address);
    if (connection === undefined || connection.state === "connected") return;
    connection.state = "connected";
    this.#status.emit({ type: "connected", endpoint: address });
  }

  /** The other side cannot be reached, or not any more; it is going to be tried again. */
  down(address: string, error: LogwheelError): void {
    const connection = this.#byAddress.get(address);
    if (connection === undefined || connection.state === "reconnecting") return;
    connection.state = "reconnecting";
    this.#status.emit({ type: "reconnecting", endpoint: address, error });
  }

  /** Closes the channel of a broker that went away or moved. */
  drop(address: string): void {
    const connection = this.#byAddress.get(address);
    if (connection === undefined) return;
    this.#byAddress.delete(address);
    connection.channel.close();
    this.#status.emit({ type: "disconnected", endpoint: address });
  }

  close(): void {
    this.#closed = true;
    for (const address of [...this.#byAddress.keys()]) this.drop(address);
  }

  #connection(address: string): Connection {
    if (this.#closed) throw new LogwheelError("CLOSED", "the client is closed");
    let connection = this.#byAddress.get(address);
    if (connection === undefined) {
      connection = { channel: this.#connect(address), state: "new" };
      this.#byAddress.set(address, connection);
    }
    return connection;
  }
}

/** Whether the error tells about the way to a server, not about the request. */
export function isConnectionFailure(error: LogwheelError): boolean {
  return (
    error.code === "BROKER_UNAVAILABLE" ||
    error.code === "CONNECTION_LOST" ||
    error.code === "UNSUPPORTED_VERSION"
  );
}
