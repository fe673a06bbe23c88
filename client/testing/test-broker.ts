import type { Logger } from "../../proto/kernel/logger.js";
import { Broker } from "../../server/broker/broker.js";
import { silentMeter } from "../../server/broker/meter.js";
import { Shedding } from "../../server/broker/shedding.js";
import { brokerOptions } from "../../server/broker-process.js";
import type { BrokerConfig } from "../../server/config.js";
import type { BrokerDisk, Unsynced } from "./broker-disk.js";
import { type Door, Place, type PlaceDeps } from "./place.js";
import type { TestClock } from "./test-clock.js";
import { WatchedDisk } from "./watched-disk.js";

/** A broker of a test cluster. */
export interface TestBroker {
  readonly name: string;
  /** `host:port` under which clients find it. */
  readonly address: string;
  readonly running: boolean;
  /**
   * Its process dies: connections break, and nothing is written any more. What was written and not flushed is `kept`, as by a
   * machine that goes on, or `lost`, as by a power cut; that needs a disk in memory.
   */
  kill(options?: { readonly unsynced?: Unsynced }): Promise<void>;
  /** Stops as an operator would have it: members finish and leave, everything is flushed. */
  stop(): Promise<void>;
  /**
   * Starts on what `kill` or `stop` has left; a broker that runs is stopped first. Five seconds pass by the test's
   * clock, in which clients find it again and members get their queues back.
   */
  restart(): Promise<void>;
}

/** What all servers of a cluster share. */
export interface ServerDeps extends PlaceDeps {
  readonly clock: TestClock;
  readonly random: () => number;
  readonly logger: Logger;
}

interface Running {
  readonly broker: Broker;
  readonly door: Door;
  readonly disk: WatchedDisk;
}

/** Time for calls that run when the broker stops taking new ones, as in a process. */
const GRACE_MS = 5_000;
/** After a restart a broker waits for members to return, and so long for clients to look for it again. */
const RETURN_MS = 5_000;
/** Of the test's clock: what takes longer is a bug. */
const BOUND = "10m";

/** The real broker, on a disk that outlives it. */
export class ClusterBroker implements TestBroker {
  readonly name: string;
  readonly #config: BrokerConfig;
  readonly #disk: BrokerDisk;
  readonly #deps: ServerDeps;
  readonly #place: Place;
  #running: Running | null = null;

  constructor(config: BrokerConfig, disk: BrokerDisk, deps: ServerDeps) {
    this.name = config.name;
    this.#config = config;
    this.#disk = disk;
    this.#deps = deps;
    this.#place = new Place(`${config.name}:10911`, config, deps);
  }

  get address(): string {
    return this.#place.address;
  }

  get running(): boolean {
    return this.#running !== null;
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
    await this.#deps.clock.advance(RETURN_MS);
  }

  /** It can be used, and is in the routes, when this resolves. */
  async start(): Promise<void> {
    if (!this.running) await this.#deps.clock.until(this.#start(), BOUND);
  }

  async #start(): Promise<void> {
    const { network, clock, random, logger, errands } = this.#deps;
    const { files, views } = await errands.during(() => this.#disk.open());
    const disk = new WatchedDisk(errands);
    let door: Door | undefined;
    const options = brokerOptions(this.#config, {
      files: disk.files(files),
      clock,
      random,
      logger,
      connect: network.connect,
      meter: silentMeter,
      shedding: new Shedding(this.#config.loopLagMs),
      connections: () => door?.connections() ?? 0,
    });
    const broker = await Broker.open({ ...options, views: disk.views(views) });
    door = await this.#place.open(broker.served);
    broker.advertise(this.address);
    this.#running = { broker, door, disk };
    await broker.start();
  }

  async kill({ unsynced = "kept" }: { readonly unsynced?: Unsynced } = {}): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    const { broker, door, disk } = running;
    if (unsynced === "lost") this.#disk.losePower();
    disk.cut();
    this.#running = null;
    this.#place.cut();
    try {
      await this.#deps.clock.until(end(door, broker), BOUND);
    } finally {
      this.#place.heal();
    }
  }

  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    this.#running = null;
    await this.#deps.clock.until(this.#stop(running), BOUND);
  }

  async #stop({ broker, door }: Running): Promise<void> {
    await broker.drain(this.#config.stopMs);
    await door.stop(GRACE_MS);
    await broker.stop();
  }
}

/** Frees what a killed broker holds; that it can store nothing any more is no failure. */
async function end(door: Door, broker: Broker): Promise<void> {
  await door.stop(0);
  await broker.stop().catch(() => {});
}
