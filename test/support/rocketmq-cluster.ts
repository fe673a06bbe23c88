import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect } from "../../client/index.js";
import { ServerProcess } from "./server-process.js";

const FREE = "127.0.0.1:0";

/** A name server and brokers that serve clients of RocketMQ, as processes; brokers come back where they were. */
export class RocketmqCluster {
  /** For whatever a test wants to write; goes with the cluster. */
  readonly folder: string;
  readonly nameServer: string;
  /** Logwheel's own. */
  readonly client: Client;
  readonly #options: readonly string[];
  readonly #brokers = new Map<string, ServerProcess>();

  private constructor(folder: string, nameServer: string, client: Client, options: readonly string[]) {
    this.folder = folder;
    this.nameServer = nameServer;
    this.client = client;
    this.#options = options;
  }

  /** Starts it with brokers of these names and further options for each of them. */
  static async start(names: readonly string[] = ["a"], ...options: string[]): Promise<RocketmqCluster> {
    const folder = await mkdtemp(join(tmpdir(), "logwheel-rocketmq-"));
    const nameServer = (await ServerProcess.start(["server", "namesrv", "--listen", FREE])).address();
    const client = await connect({ endpoints: nameServer, logger: false });
    const cluster = new RocketmqCluster(folder, nameServer, client, options);
    for (const name of names) await cluster.#startBroker(name, FREE);
    return cluster;
  }

  /** Where clients find a broker. */
  address(name = "a"): string {
    return this.#brokers.get(name)!.address();
  }

  /** Ends a broker like a power cut of its process, and starts it again on its folder and port. */
  async restart(name = "a"): Promise<void> {
    const address = this.address(name);
    await this.#brokers.get(name)!.kill();
    await this.#startBroker(name, address);
  }

  /** Runs `logwheel` with these arguments; what it prints. Throws if it fails. */
  async logwheel(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await ServerProcess.run([...args, "--namesrv", this.nameServer]);
    if (code !== 0) throw new Error(`logwheel ${args.join(" ")} ended with ${code}: ${stderr}`);
    return stdout;
  }

  /** Their clients do not hear any more how telemetry ends: brokers stop in peace. */
  async stop(): Promise<void> {
    await this.client.close();
    for (const broker of this.#brokers.values()) await broker.stop();
    await ServerProcess.killAll();
    await rm(this.folder, { recursive: true });
  }

  async #startBroker(name: string, listen: string): Promise<void> {
    const own = { name, namesrv: this.nameServer, listen, data: join(this.folder, name) };
    const args = Object.entries(own).flatMap(([option, value]) => [`--${option}`, value]);
    const more = ["--segment-bytes", "16MiB", ...this.#options];
    this.#brokers.set(name, await ServerProcess.start(["server", "broker", ...args, ...more]));
  }
}
