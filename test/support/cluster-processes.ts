import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ServerProcess } from "./server-process.js";

/** A name server and a broker as processes, with a folder of their own. */
export interface ClusterProcesses {
  readonly nameServer: string;
  readonly broker: string;
  /** Process id of the broker. */
  readonly pid: number;
  /** For whatever a test wants to write; goes with the cluster. */
  readonly folder: string;
  /** Stops both and removes the folder. */
  stop(): Promise<void>;
}

/**
 * Starts a name server and a broker that makes no topics by itself, unless told with `--auto-create-topics true`. It
 * sheds nothing because the machine is busy with other tests.
 */
export async function startCluster(...brokerArgs: string[]): Promise<ClusterProcesses> {
  const folder = await mkdtemp(join(tmpdir(), "logwheel-cluster-"));
  const namesrv = await ServerProcess.start(["server", "namesrv", "--listen", "127.0.0.1:0"]);
  const own = { namesrv: namesrv.address(), listen: "127.0.0.1:0", data: join(folder, "data") };
  const args = Object.entries(own).flatMap(([option, value]) => [`--${option}`, value]);
  const broker = await ServerProcess.start([
    "server",
    "broker",
    ...args,
    "--segment-bytes",
    "16MiB",
    "--loop-lag-ms",
    "10s",
    ...brokerArgs,
  ]);
  return {
    nameServer: namesrv.address(),
    broker: broker.address(),
    pid: broker.pid,
    folder,
    async stop() {
      await broker.stop();
      await namesrv.stop();
      await rm(folder, { recursive: true });
    },
  };
}
