import type { Served } from "../../proto/kernel/channel.js";
import { systemClock } from "../../proto/kernel/clock.js";
import type { Listening } from "../../proto/kernel/listening.js";
import type { Logger } from "../../proto/kernel/logger.js";
import type { MemoryNetwork } from "../../proto/kernel/memory-channel.js";
import { type ListenerConfig, serveAll } from "../../server/serving.js";
import type { Errands } from "./works.js";

/** What places are made of. */
export interface PlaceDeps {
  readonly network: MemoryNetwork;
  readonly logger: Logger;
  /** The clock waits for what sockets take. */
  readonly errands: Errands;
  /** Whether servers also listen on the loopback device. */
  readonly ports: boolean;
}

/** A server that can be reached, until `stop`. */
export interface Door {
  /** Of clients within the process, and those of gRPC. */
  connections(): number;
  stop(graceMs: number): Promise<void>;
}

const ANY_PORT = "127.0.0.1:0";

/** Where a server of a test is found, from one start to the next: within the process, and by gRPC where ports were asked for. */
export class Place {
  readonly #deps: PlaceDeps;
  readonly #limits: ListenerConfig;
  #address: string;

  /** `address` holds within the process only; with ports it is given by the first start, and kept. */
  constructor(address: string, limits: ListenerConfig, deps: PlaceDeps) {
    this.#deps = deps;
    this.#limits = limits;
    this.#address = deps.ports ? ANY_PORT : address;
  }

  /** `host:port`, the same for both ways. */
  get address(): string {
    return this.#address;
  }

  async open(served: readonly Served[]): Promise<Door> {
    const { network, errands, ports } = this.#deps;
    const outside = ports ? await errands.during(() => this.#listen(served)) : null;
    const inside = network.serve(this.#address, served);
    if (outside === null) return inside;
    return {
      connections: () => inside.connections() + outside.connections(),
      async stop(graceMs) {
        await Promise.all([inside.stop(graceMs), errands.during(() => outside.stop(0))]);
      },
    };
  }

  async #listen(served: readonly Served[]): Promise<Listening> {
    const { listening, health, address } = await serveAll(
      { ...this.#limits, listen: this.#address },
      served,
      { clock: systemClock, logger: this.#deps.logger },
    );
    health.serving = true;
    this.#address = address;
    return listening;
  }

  /** Breaks all connections and refuses new ones, until `heal`. */
  cut(): void {
    this.#deps.network.cut(this.#address);
  }

  heal(): void {
    this.#deps.network.heal(this.#address);
  }
}
