import type { CallOptions, Channel, Connect, Method, Stream } from "../../proto/kernel/channel.js";
import type { SessionConnections } from "../../proto/kernel/consume-session.js";

/** Channels to brokers by address, opened when they are first used. */
export class BrokerChannels implements SessionConnections {
  readonly #connect: Connect;
  readonly #byAddress = new Map<string, Channel>();

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  at(address: string): Channel {
    let channel = this.#byAddress.get(address);
    if (channel === undefined) {
      channel = this.#connect(address);
      this.#byAddress.set(address, channel);
    }
    return channel;
  }

  open<Q, QOut, R, ROut>(
    address: string,
    method: Method<Q, QOut, R, ROut>,
    options?: CallOptions,
  ): Stream<Q, ROut> {
    return this.at(address).open(method, options);
  }

  /** Channels connect by themselves: nobody has to know. */
  up(): void {}
  down(): void {}

  close(): void {
    for (const channel of this.#byAddress.values()) channel.close();
    this.#byAddress.clear();
  }
}
