import { join } from "node:path";
import { systemClock } from "../../proto/kernel/clock.js";
import { LogwheelError } from "../../proto/kernel/errors.js";
import { type Logger, silentLogger } from "../../proto/kernel/logger.js";
import { MemoryNetwork } from "../../proto/kernel/memory-channel.js";
import { removeFolder } from "../../server/disk/temporary-folder.js";
import type { Client } from "../sdk/client.js";
import { connect } from "../sdk/connect.js";
import { topic as rawTopic, type Topic } from "../sdk/topic.js";
import type { ConnectOptions, Message } from "../sdk/types.js";
import { folderDisk, memoryDisk } from "./broker-disk.js";
import { busyGroup } from "./busy-group.js";
import { closed, opened } from "./open-clusters.js";
import { seeded } from "./seeded.js";
import { brokerSettings, nameServerSettings } from "./settings.js";
import { ClusterBroker, type ServerDeps } from "./test-broker.js";
import { TestClock } from "./test-clock.js";
import type { TestCluster, TestClusterOptions, TestTopics } from "./test-cluster.js";
import { ClusterNameServer } from "./test-name-server.js";
import { Errands } from "./works.js";

/** Where brokers have their folders. */
export interface Folder {
  readonly path: string;
  /** Goes with the cluster. */
  readonly temporary: boolean;
}

/** Between two looks at a cluster that is not idle. */
const LOOK_MS = 2;
const IDLE_MS = 5_000;
/** Of the test's clock, for handlers that wait for it. */
const DRAIN_MS = 1_000;

/** The real servers, put together. */
export class RunningCluster implements TestCluster {
  readonly clock: TestClock;
  readonly nameServer: ClusterNameServer;
  readonly #folder: Folder | null;
  readonly #deps: ServerDeps;
  readonly #logger: Logger | undefined;
  readonly #makeBrokers: () => ClusterBroker[];
  readonly #detach: readonly (() => void)[];
  readonly #clients: Client[] = [];
  #brokers: readonly ClusterBroker[] = [];
  #own: Promise<Client> | null = null;
  #closing: Promise<void> | null = null;

  constructor(options: TestClusterOptions, names: readonly string[], folder: Folder | null) {
    const { clock = new TestClock(), settings = {}, logger = silentLogger, ports = false } = options;
    const network = new MemoryNetwork({ clock, logger });
    const errands = new Errands();
    const deps = { clock, network, errands, logger, ports, random: seeded(options.seed ?? 1) };
    this.clock = clock;
    this.nameServer = new ClusterNameServer(nameServerSettings(), deps);
    this.#deps = deps;
    this.#folder = folder;
    this.#logger = options.logger;
    this.#detach = [clock.attach(network), clock.attach(errands)];
    this.#makeBrokers = () =>
      names.map((name) => {
        const disk = folder === null ? memoryDisk() : folderDisk(join(folder.path, name));
        return new ClusterBroker(brokerSettings(name, this.nameServer.address, settings), disk, deps);
      });
    opened(this);
  }

  /** Starts the servers, then makes the topics. */
  async start(topics: TestTopics): Promise<void> {
    await this.nameServer.start();
    this.#brokers = this.#makeBrokers();
    for (const broker of this.#brokers) await broker.start();
    const settingsOf = Array.isArray(topics)
      ? topics.map((name: string) => [name, {}] as const)
      : Object.entries(topics);
    if (settingsOf.length === 0) return;
    const { admin } = await this.#ownClient();
    for (const [name, settings] of settingsOf) await admin.topics.create(name, settings);
  }

  get brokers(): readonly ClusterBroker[] {
    return this.#brokers;
  }

  get endpoints(): readonly string[] {
    return [this.nameServer.address];
  }

  get connection(): ConnectOptions {
    const { clock, random, network } = this.#deps;
    return {
      endpoints: this.endpoints,
      logger: this.#logger ?? false,
      transport: { clock, random, connect: network.connect },
    };
  }

  broker(name?: string): ClusterBroker {
    const found =
      name === undefined ? this.#brokers[0] : this.#brokers.find((broker) => broker.name === name);
    if (found !== undefined) return found;
    const known = this.#brokers.map((broker) => broker.name).join(", ");
    throw new LogwheelError("BAD_REQUEST", `the test cluster has no broker ${name}; it has ${known}`);
  }

  async client(options: Partial<ConnectOptions> = {}): Promise<Client> {
    if (this.#closing !== null)
      throw new LogwheelError("CLOSED", "the test cluster is closed: start another one, or close it later");
    const client = await connect({ ...this.connection, ...options });
    this.#clients.push(client);
    return client;
  }

  async messages<T>(topic: string | Topic<T>): Promise<Message<T>[]> {
    const read = typeof topic === "string" ? (rawTopic(topic) as unknown as Topic<T>) : topic;
    const client = await this.#ownClient();
    const messages: Message<T>[] = [];
    await using reader = client.reader(read, { from: "earliest", until: "end" });
    for await (const message of reader) messages.push(message);
    return messages.sort(byAge);
  }

  settled(): Promise<void> {
    return this.clock.settled();
  }

  async idle({ timeoutMs = IDLE_MS }: { readonly timeoutMs?: number } = {}): Promise<void> {
    const { admin } = await this.#ownClient();
    const endMs = systemClock.monotonicMs() + timeoutMs;
    for (;;) {
      await this.clock.settled();
      const busy = await busyGroup(admin);
      if (busy === null) return;
      if (systemClock.monotonicMs() >= endMs)
        throw new LogwheelError("TIMEOUT", `after ${timeoutMs} ms the test cluster is not idle: ${busy}`);
      await systemClock.sleep(LOOK_MS);
    }
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    closed(this);
    for (const client of this.#clients) await this.clock.until(client.close({ timeoutMs: DRAIN_MS }));
    for (const broker of this.#brokers) await broker.stop();
    await this.nameServer.kill();
    await this.clock.settled();
    for (const detach of this.#detach) detach();
    if (this.#folder?.temporary) await removeFolder(this.#folder.path);
  }

  #ownClient(): Promise<Client> {
    this.#own ??= this.client({ clientId: "test-cluster" });
    return this.#own;
  }
}

/** By the wall clock, and on one broker as they were stored: an id ends in its offset in the log. */
function byAge(a: Message<unknown>, b: Message<unknown>): number {
  return Number(a.storedAt) - Number(b.storedAt) || logOffsetOf(a) - logOffsetOf(b);
}

function logOffsetOf({ id }: Message<unknown>): number {
  return Number(id.slice(id.lastIndexOf("-") + 1));
}
