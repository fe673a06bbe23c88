import { ClusterClient } from "../../client/sdk/client.js";
import type { Status } from "../../client/sdk/types.js";
import { seeded } from "../../client/testing/seeded.js";
import { settle, TestClock } from "../../client/testing/test-clock.js";
import type { Connect } from "../../proto/kernel/channel.js";
import type { Listening } from "../../proto/kernel/listening.js";
import { type Logger, silentLogger } from "../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../proto/kernel/memory-channel.js";
import { Broker, type BrokerOptions } from "../../server/broker/broker.js";
import { silentMeter } from "../../server/broker/meter.js";
import { Shedding } from "../../server/broker/shedding.js";
import { MemoryFiles } from "../../server/disk/memory-files.js";
import type { PowerLoss } from "../../server/disk/power-loss.js";
import { NameServer } from "../../server/nameserver/name-server.js";
import { MemoryViews } from "../../server/store/memory-views.js";

const NAMES = "names:9876";

interface Running {
  readonly broker: Broker;
  readonly listening: Listening;
  readonly files: MemoryFiles;
  readonly views: MemoryViews;
}

/** A real name server and real brokers in the process: on disks in memory, a network in memory, by a clock that the test moves. */
export class MemoryCluster {
  readonly clock = new TestClock();
  readonly network = new MemoryNetwork({ clock: this.clock, logger: silentLogger });
  readonly #random: () => number;
  readonly #running = new Map<string, Running>();
  readonly #clients: ClusterClient[] = [];
  #options: Partial<BrokerOptions>;
  #names!: NameServer;
  #namesListening!: Listening;

  private constructor(options: Partial<BrokerOptions>, seed: number) {
    this.#options = options;
    this.#random = seeded(seed);
  }

  /** Starts a name server and brokers of these names. */
  static async start(
    names: readonly string[] = ["a"],
    options: Partial<BrokerOptions> = {},
    seed = 1,
  ): Promise<MemoryCluster> {
    const cluster = new MemoryCluster(options, seed);
    await cluster.startNames();
    for (const name of names) await cluster.startBroker(name);
    return cluster;
  }

  async startNames(): Promise<void> {
    const { clock } = this;
    this.#names = new NameServer({ clock, logger: silentLogger, brokerExpiryMs: 15_000 });
    this.#namesListening = this.network.serve(NAMES, this.#names.served);
    await this.#names.start();
  }

  /** The name server's process dies. */
  async killNames(): Promise<void> {
    this.network.cut(NAMES);
    await this.#namesListening.stop(0);
    await this.#names.stop();
    this.network.heal(NAMES);
  }

  /** Starts a broker on an empty disk, or on what `kill` or `stop` has left. */
  async startBroker(
    name: string,
    files = this.#running.get(name)?.files ?? new MemoryFiles(),
    views = this.#running.get(name)?.views ?? new MemoryViews(),
  ): Promise<void> {
    const broker = await this.advance(this.#open(name, files, views));
    const address = `${name}:10911`;
    const listening = this.network.serve(address, broker.served);
    broker.advertise(address);
    this.#running.set(name, { broker, listening, files, views });
    await this.advance(broker.start());
  }

  /** The disk of a broker, as it is now: `kill` and `stop` leave another one. */
  filesOf(name: string): MemoryFiles {
    return this.#running.get(name)!.files;
  }

  /** Settings of brokers that start from now on. */
  configure(options: Partial<BrokerOptions>): void {
    this.#options = options;
  }

  /** A broker that runs. */
  brokerOf(name: string): Broker {
    return this.#running.get(name)!.broker;
  }

  /** The broker's process dies; its disk stays as it is, or as a power cut leaves it. */
  async kill(name: string, loss?: PowerLoss): Promise<void> {
    const { listening, files, broker, views } = this.#running.get(name)!;
    this.network.cut(`${name}:10911`);
    const left =
      loss === undefined
        ? { files: files.clone(), views: views.clone() }
        : { files: files.losePower(loss), views: views.losePower(loss) };
    await listening.stop(0);
    this.#running.set(name, { broker, listening, ...left });
    await this.advance(broker.stop().catch(() => {}));
    this.network.heal(`${name}:10911`);
  }

  /** The broker stops as an operator would have it. */
  async stop(name: string): Promise<void> {
    const { listening, broker, files, views } = this.#running.get(name)!;
    await this.advance(broker.drain(20_000));
    await this.advance(listening.stop(5_000));
    await this.advance(broker.stop());
    this.#running.set(name, { broker, listening, files: files.reopen(), views });
  }

  /** A client that has found the name server. */
  async connect(
    options: {
      readonly requestTimeoutMs?: number;
      readonly logger?: Logger;
      readonly connect?: Connect;
    } = {},
  ): Promise<ClusterClient> {
    const client = new ClusterClient({
      connect: options.connect ?? this.network.connect,
      clock: this.clock,
      random: this.#random,
      logger: options.logger ?? silentLogger,
      endpoints: [NAMES],
      host: `host-${this.#clients.length}`,
      requestTimeoutMs: options.requestTimeoutMs ?? 3_000,
      retry: undefined,
    });
    this.#clients.push(client);
    await this.advance(client.start({ timeoutMs: 3_000 }));
    return client;
  }

  /** Moves the clock on, a little at a time, until the promise has settled; fails after a virtual hour. */
  async advance<T>(promise: Promise<T>, stepMs = 5): Promise<T> {
    let settled = false;
    const end = (): void => {
      settled = true;
    };
    promise.then(end, end);
    for (let turn = 0; turn < 20 && !settled; turn++) await settle();
    for (let ms = 0; !settled && ms < 3_600_000; ms += stepMs) await this.clock.advance(stepMs);
    if (!settled) throw new Error("the promise did not settle within a virtual hour");
    return promise;
  }

  /** The same until something is true. */
  async until(what: string, look: () => boolean, withinMs = 60_000): Promise<void> {
    for (let ms = 0; ms < withinMs; ms += 5) {
      if (look()) return;
      await this.clock.advance(5);
    }
    throw new Error(`within ${withinMs} virtual ms it did not happen that ${what}`);
  }

  /** Ends everything. */
  async close(): Promise<void> {
    for (const client of this.#clients) await this.advance(client.close({ timeoutMs: 1_000 }));
    for (const { broker, listening } of this.#running.values()) {
      await this.advance(listening.stop(0));
      await this.advance(broker.stop().catch(() => {}));
    }
    await this.#namesListening.stop(0);
    await this.#names.stop();
  }

  #open(name: string, files: MemoryFiles, views: MemoryViews): Promise<Broker> {
    return Broker.open({
      files,
      views,
      clock: this.clock,
      random: this.#random,
      logger: silentLogger,
      connect: this.network.connect,
      meter: silentMeter,
      name,
      version: "0.0.0-test",
      flush: "sync",
      segmentBytes: 1 << 20,
      retentionMs: 86_400_000,
      disk: { warnPercent: 75, refusePercent: 90, freeBytesMin: 1 << 20, reserveBytes: 0 },
      autoCreate: false,
      autoCreateQueues: 4,
      topicsMax: 1_000,
      queuesMax: 64,
      acceptedBytesMax: 64 << 20,
      sendWaitMs: 200,
      shedding: new Shedding(10_000),
      nameServers: [NAMES],
      heartbeatMs: 3_000,
      connections: () => 0,
      machine: () => ({ memoryBytes: 0, nodeVersion: "test" }),
      ...this.#options,
    });
  }
}

/** Everything that a client tells from now on, oldest first. */
export function follow(client: ClusterClient): Status[] {
  const told: Status[] = [];
  const read = async (): Promise<void> => {
    for await (const status of client.status()) told.push(status);
  };
  read().catch(() => {});
  return told;
}
