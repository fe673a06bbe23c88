import { type ChannelOptions, Client, connectivityState, credentials } from "@grpc/grpc-js";
import { backoffMs } from "./backoff.js";
import type { Clock } from "./clock.js";
import { LogwheelError } from "./errors.js";

/** What a channel is doing: being set up, up, waiting for its next try, or closed by its owner. */
export type ChannelState = "connecting" | "connected" | "waiting" | "closed";

/** What a connection is kept up with. */
export interface ConnectionOptions {
  readonly address: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly channelOptions: ChannelOptions;
  onState(state: ChannelState, error?: LogwheelError): void;
}

/** A restarted server is found again within 200 ms, if it was not away for long. */
const QUICK_TRIES = 50;
const QUICK_MS_MAX = 200;
const SLOW_MS_MAX = 1000;

/**
 * Keeps one connection up: tries again and again, each time with a new client of the library, whose own waits between
 * tries grow to minutes.
 */
export class GrpcConnection {
  readonly #options: ConnectionOptions;
  #client: Client | null = null;
  #state: ChannelState = "waiting";
  #failures = 0;
  #cancelTry: () => void = () => {};

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#try();
  }

  get state(): ChannelState {
    return this.#state;
  }

  /** The client to make calls with; throws BROKER_UNAVAILABLE between tries and CLOSED after the end. */
  client(): Client {
    if (this.#client !== null) return this.#client;
    const { address } = this.#options;
    if (this.#state === "closed")
      throw new LogwheelError("CLOSED", `the channel to ${address} was closed`, { sent: "no" });
    throw unreachable(address);
  }

  close(): void {
    this.#cancelTry();
    const client = this.#client;
    this.#client = null;
    this.#enter("closed");
    client?.close();
  }

  #try(): void {
    const client = new Client(
      `dns:${this.#options.address}`,
      credentials.createInsecure(),
      this.#options.channelOptions,
    );
    this.#client = client;
    this.#watch(client);
  }

  #watch(client: Client): void {
    if (this.#client !== client) return;
    const channel = client.getChannel();
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.TRANSIENT_FAILURE) return this.#failed(client);
    if (state === connectivityState.READY) {
      this.#failures = 0;
      this.#enter("connected");
    } else this.#enter("connecting");
    channel.watchConnectivityState(state, Number.POSITIVE_INFINITY, () => this.#watch(client));
  }

  #failed(client: Client): void {
    this.#client = null;
    client.close();
    this.#failures++;
    this.#enter("waiting", unreachable(this.#options.address));
    const maxMs = this.#failures <= QUICK_TRIES ? QUICK_MS_MAX : SLOW_MS_MAX;
    const waitMs = backoffMs(Math.min(this.#failures, 20), { baseMs: 20, maxMs }, this.#options.random);
    this.#cancelTry = this.#options.clock.after(waitMs, () => this.#try());
  }

  #enter(state: ChannelState, error?: LogwheelError): void {
    if (this.#state === state || this.#state === "closed") return;
    this.#state = state;
    this.#options.onState(state, error);
  }
}

function unreachable(address: string): LogwheelError {
  return new LogwheelError("BROKER_UNAVAILABLE", `no connection to ${address}: does a server listen there?`);
}
