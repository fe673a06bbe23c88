import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { systemClock as clock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { benchFolder } from "./folder.js";
import { memoryOf, type Usage, usageOf } from "./usage.js";

/** A name server and a broker, each a process of its own, in a temporary folder. */
export interface BenchServers {
  readonly nameServer: string;
  /** What the broker has used so far. */
  brokerUsage(): Usage | undefined;
  /** Memory that the broker has now. */
  brokerMemoryBytes(): number;
  /** Ends the broker by a signal and starts it again at its address; resolves with the milliseconds until it is ready. */
  restart(signal: "SIGTERM" | "SIGKILL"): Promise<number>;
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
    const start = (role: readonly string[]) => startRole(started, role, folder);
    const nameServer = await start(["namesrv", "--listen", "127.0.0.1:0", ...QUIET]);
    const broker = (listen: string): readonly string[] => [
      "broker",
      ...["--name", "bench", "--namesrv", nameServer, "--listen", listen, "--data", folder],
      ...["--flush", flush, "--retention-bytes", String(retentionBytes), ...QUIET],
      ...["--disk-refuse-percent", "99", "--disk-warn-percent", "98", "--topics-max", "100000"],
    ];
    const address = await start(broker("127.0.0.1:0"));
    const pid = (): number => started.at(-1)!.pid!;
    const restart = async (how: "SIGTERM" | "SIGKILL"): Promise<number> => {
      await end(started.pop()!, how);
      const sinceMs = clock.monotonicMs();
      await start(broker(address));
      return Math.round(clock.monotonicMs() - sinceMs);
    };
    return {
      nameServer,
      brokerUsage: () => usageOf(pid()),
      brokerMemoryBytes: () => memoryOf(pid()),
      restart,
      stop,
    };
  } catch (thrown) {
    await stop();
    signal.throwIfAborted();
    throw thrown;
  } finally {
    signal.removeEventListener("abort", endAll);
  }
}

/** Starts a role and resolves with the address in its ready line. */
async function startRole(started: ChildProcess[], role: readonly string[], folder: string): Promise<string> {
  const orphan = new URL(`./orphan.js?folder=${encodeURIComponent(folder)}`, import.meta.url);
  // Of its own process group: Ctrl-C is for this command, which ends its servers itself. Where it cannot, its end of their
  // standard input closes.
  const child = spawn(process.execPath, ["--import", orphan.href, launcher, "server", ...role], {
    stdio: ["pipe", "pipe", "inherit"],
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

async function end(child: ChildProcess, signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}
