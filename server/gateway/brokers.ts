import type { CallOptions, Channel, Connect, Method, Stream } from "../../proto/kernel/channel.js";
import type { SessionConnections } from "../../proto/kernel/consume-session.js";

/** Streams that share a connection: fewer than a broker lets one have, or those behind would wait for ever. */
const STREAMS_PER_CHANNEL = 64;

/** A connection for streams, and how many it has. */
interface StreamChannel {
  readonly channel: Channel;
  streams: number;
}

interface BrokerConnections {
  /** For calls, which come and go. */
  readonly calls: Channel;
  readonly streams: StreamChannel[];
}

/** Channels to brokers by address, opened when they are first used. */
export class BrokerChannels implements SessionConnections {
  readonly #connect: Connect;
  readonly #byAddress = new Map<string, BrokerConnections>();

  constructor(connect: Connect) {
    this.#connect = connect;
  }

  /** The channel for calls; streams are opened by `open`. */
  at(address: string): Channel {
    return this.#of(address).calls;
  }

  open<Q, QOut, R, ROut>(
    address: string,
    method: Method<Q, QOut, R, ROut>,
    options?: CallOptions,
  ): Stream<Q, ROut> {
    const { streams } = this.#of(address);
    let shared = streams.find((each) => each.streams < STREAMS_PER_CHANNEL);
    if (shared === undefined) {
      shared = { channel: this.#connect(address), streams: 0 };
      streams.push(shared);
    }
    return counted(shared, shared.channel.open(method, options));
  }

  /** Channels connect by themselves: nobody has to know. */
  up(): void {}
  down(): void {}

  close(): void {
    for (const { calls, streams } of this.#byAddress.values()) {
      calls.close();
      for (const { channel } of streams) channel.close();
    }
    this.#byAddress.clear();
  }

  #of(address: string): BrokerConnections {
    let connections = this.#byAddress.get(address);
    if (connections === undefined) {
      connections = { calls: this.#connect(address), streams: [] };
      this.#byAddress.set(address, connections);
    }
    return connections;
  }
}

/** The stream, counted from now until it is over. */
function counted<Out, In>(shared: StreamChannel, stream: Stream<Out, In>): Stream<Out, In> {
  shared.streams++;
  return {
    listen: (events) =>
      stream.listen({
        ...events,
        close: (error) => {
          shared.streams--;
          events.close(error);
        },
      }),
    write: (message) => stream.write(message),
    end: () => stream.end(),
    fail: (error) => stream.fail(error),
    pause: () => stream.pause(),
    resume: () => stream.resume(),
  };
}
