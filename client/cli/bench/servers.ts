import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { benchFolder } from "./folder.js";
import { type Usage, usageOf } from "./usage.js";

/** A name server and a broker, each a process of its own, in a temporary folder. */
export interface BenchServers {
  readonly nameServer: string;
  /** What the broker has used so far. */
  brokerUsage(): Usage | undefined;
  /** Stops both and removes the folder. */
  stop(): Promise<void>;
}

/** How the broker runs. */
export interface BenchServerOptions {
  readonly flush: "sync" | "async";
  /** Size of the log from which on segments are recycled. */
  readonly retentionBytes: number;
  /** Aborting ends the start; what was started goes with it. */
  readonly signal: AbortSignal;
}

const launcher = fileURLToPath(new URL("../logwheel.cjs", import.meta.url));

/** That the machine is busy is what the figures say. */
const QUIET = ["--log-level", "error"];

/** Starts both and resolves when they are ready. */
export async function startServers(options: BenchServerOptions): Promise<BenchServers> {
  const { flush, retentionBytes, signal } = options;
  const folder = await benchFolder();
  const started: ChildProcess[] = [];
  // What they wrote goes with the folder: nothing has to be finished.
  const endAll = (): void => {
    for (const child of started) child.kill("SIGKILL");
  };
  signal.addEventListener("abort", endAll, { once: true });
  const stop = async (): Promise<void> => {
    for (const child of started.reverse()) await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const nameServer = await start(started, ["namesrv", "--listen", "127.0.0.1:0", ...QUIET]);
    await start(started, [
      "broker",
      ...["--name", "bench", "--namesrv", nameServer, "--listen", "127.0.0.1:0", "--data", folder],
      ...["--flush", flush, "--retention-bytes", String(retentionBytes), ...QUIET],
      ...["--disk-refuse-percent", "99", "--disk-warn-percent", "98", "--topics-max", "100000"],
    ]);
    const broker = started[1]!;
    return { nameServer, brokerUsage: () => usageOf(broker.pid!), stop };
  } catch (thrown) {
    await stop();
    signal.throwIfAborted();
    throw thrown;
  } finally {
    signal.removeEventListener("abort", endAll);
  }
}

/** Starts a role and resolves with the address in its ready line. */
async function start(started: ChildProcess[], role: readonly string[]): Promise<string> {
  // Of its own process group: Ctrl-C is for this command, which ends its servers itself.
  const child = spawn(process.execPath, [launcher, "server", ...role], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  started.push(child);
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /ready at (\S+:\d+)/.exec(line)?.[1];
    if (address !== undefined) {
      child.stdout!.resume();
      return address;
    }
  }
  throw new LogwheelError(
    "INTERNAL",
    `logwheel server ${role[0]} ended before it was ready; its reason stands above`,
  );
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.kill("SIGTERM");
  });
}
