import type { NameServerConfig } from "../../server/config.js";
import { NameServer } from "../../server/nameserver/name-server.js";
import { type Door, Place } from "./place.js";
import type { ServerDeps } from "./test-broker.js";

/** The name server of a test cluster. */
export interface TestNameServer {
  /** `host:port` under which brokers and clients find it. */
  readonly address: string;
  readonly running: boolean;
  /** Its process dies, with all that it knew. */
  kill(): Promise<void>;
  /**
   * Starts an empty one; a name server that runs is killed first. Five seconds pass by the test's clock, in which brokers and
   * clients find it again.
   */
  restart(): Promise<void>;
}

/** Longest wait of a broker before it looks for its name server again. */
const RETURN_MS = 5_000;

/** The real name server. */
export class ClusterNameServer implements TestNameServer {
  readonly #config: NameServerConfig;
  readonly #deps: ServerDeps;
  readonly #place: Place;
  #running: { readonly nameServer: NameServer; readonly door: Door } | null = null;

  constructor(config: NameServerConfig, deps: ServerDeps) {
    this.#config = config;
    this.#deps = deps;
    this.#place = new Place("name-server:9876", config, deps);
  }

  get address(): string {
    return this.#place.address;
  }

  get running(): boolean {
    return this.#running !== null;
  }

  async restart(): Promise<void> {
    await this.kill();
    await this.start();
    await this.#deps.clock.advance(RETURN_MS);
  }

  /** It can be used when this resolves. */
  async start(): Promise<void> {
    if (this.running) return;
    const { clock, logger } = this.#deps;
    const nameServer = new NameServer({ clock, logger, brokerExpiryMs: this.#config.brokerExpiryMs });
    const door = await this.#place.open(nameServer.served);
    this.#running = { nameServer, door };
    await nameServer.start();
  }

  async kill(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    this.#place.cut();
    try {
      await this.#deps.clock.until(running.door.stop(0));
      await running.nameServer.stop();
    } finally {
      this.#place.heal();
    }
  }
}
