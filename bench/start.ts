import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { performance } from "node:perf_hooks";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Client, connect, type Producer, type Topic, topic } from "../client/index.js";
import { parseBytes } from "../proto/kernel/quantity.js";

/**
 * How long a broker takes from its exec to the first acknowledged message: with an empty folder, and after kill -9 with
 * much log; and the memory of one that only waits. Name server, broker and client are processes of their own; the name
 * server is up and the client connected to it before a broker is started. Prints one JSON value; progress on stderr.
 */
const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "5" },
    flush: { type: "string", default: "sync" },
    "idle-seconds": { type: "string", default: "5" },
    /** Log to recover after kill -9; 0 leaves that part out. */
    "log-bytes": { type: "string", default: "4GiB" },
    size: { type: "string", default: "1KiB" },
    folder: { type: "string", default: tmpdir() },
  },
});
const runs = Number(values.runs);
const logBytes = parseBytes(values["log-bytes"]);

const SEGMENT_BYTES = 256 << 20;
/** Left free in the last segment, so that nearly all of it has to be scanned: the worst case. */
const UNFILLED_BYTES = 16 << 20;
const IN_FLIGHT = 2_048;

const launcher = fileURLToPath(new URL("../client/cli/logwheel.cjs", import.meta.url));
const started = new Set<ChildProcess>();

/** Starts a role; resolves with its process and the address of its ready line. */
async function start(role: string, ...args: string[]): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, [launcher, "server", role, ...args, "--log-level", "warn"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  started.add(child);
  child.once("exit", () => started.delete(child));
  for await (const line of createInterface({ input: child.stdout! })) {
    const address = /ready at (\S+:\d+)/.exec(line)?.[1];
    if (address === undefined) continue;
    child.stdout!.resume();
    return { child, address };
  }
  throw new Error(`the ${role} ended before it was ready`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    child.once("exit", () => resolve());
    child.kill(signal);
  });
}

/** Resident memory of a process, bytes; 0 where there is no /proc. */
function memoryOf(pid: number): number {
  try {
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
  } catch {
    return 0;
  }
}

interface Started {
  readonly child: ChildProcess;
  readonly readyMs: number;
  readonly ackedMs: number;
}

/** A topic for each folder: the client remembers for a while who had a topic that is gone. */
const orders = (data: string): Topic<Uint8Array> => topic(`bench-${basename(data)}`);

/** From exec to the acknowledgement of the first message, milliseconds, and to the line that says ready. */
async function startBroker(nameServer: string, data: string, producer: Producer): Promise<Started> {
  const sinceMs = performance.now();
  const { child } = await start(
    "broker",
    ...["--name", "bench", "--namesrv", nameServer, "--listen", "127.0.0.1:0", "--data", data],
    ...["--flush", values.flush, "--auto-create-topics", "true", "--segment-bytes", String(SEGMENT_BYTES)],
    ...["--disk-refuse-percent", "99", "--disk-warn-percent", "98"],
  );
  const readyMs = performance.now() - sinceMs;
  await producer.send({ topic: orders(data), body: Buffer.from("first") }, { timeoutMs: 10_000 });
  return { child, readyMs, ackedMs: performance.now() - sinceMs };
}

async function coldStarts(nameServer: string, folder: string, client: Client): Promise<object> {
  const all: Started[] = [];
  let memoryBytes = 0;
  for (let run = 0; run < runs; run++) {
    note(`cold start ${run + 1} of ${runs}`);
    const data = join(folder, `cold-${run}`);
    const producer = client.producer();
    const broker = await startBroker(nameServer, data, producer);
    all.push(broker);
    if (run === runs - 1) {
      await sleep(Number(values["idle-seconds"]) * 1_000);
      memoryBytes = memoryOf(broker.child.pid!);
    }
    await producer.close();
    await end(broker.child, "SIGTERM");
    await rm(data, { recursive: true, force: true });
  }
  return { coldStart: summary(all), idleMemoryBytes: memoryBytes };
}

async function restarts(nameServer: string, folder: string, client: Client): Promise<object> {
  const data = join(folder, "restart");
  const producer = client.producer({ retry: { attempts: Number.POSITIVE_INFINITY } });
  let broker = await startBroker(nameServer, data, producer);
  await fill(producer, orders(data), logBytes - UNFILLED_BYTES);
  const all: Started[] = [];
  for (let run = 0; run < runs; run++) {
    note(`restart ${run + 1} of ${runs}`);
    await end(broker.child, "SIGKILL");
    broker = await startBroker(nameServer, data, producer);
    all.push(broker);
  }
  const [described] = (await client.admin.cluster.describe()).brokers;
  await producer.close();
  await end(broker.child, "SIGTERM");
  return { restart: { logBytes: described!.logEnd - described!.logStart, ...summary(all) } };
}

/** Sends until about so many bytes of log are written. */
async function fill(producer: Producer, orders: Topic<Uint8Array>, bytes: number): Promise<void> {
  const body = Buffer.alloc(parseBytes(values.size), "logwheel ");
  const count = Math.floor(bytes / (body.length + RECORD_OVERHEAD_BYTES));
  let sent = 0;
  const slot = async (): Promise<void> => {
    while (sent < count) {
      if (sent++ % 100_000 === 0) note(`filling: ${sent - 1} of ${count} messages`);
      await producer.send({ topic: orders, body });
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, slot));
}

/** What a record has beside the body: its header and the message's own framing. */
const RECORD_OVERHEAD_BYTES = 100;

function summary(all: readonly Started[]): object {
  const of = (what: (each: Started) => number): object => {
    const values = all.map((each) => Math.round(what(each))).sort((a, b) => a - b);
    return { median: values[values.length >> 1], runs: values };
  };
  return { firstAckedMs: of(({ ackedMs }) => ackedMs), readyMs: of(({ readyMs }) => readyMs) };
}

function note(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${line}`);
}

const folder = await mkdtemp(join(values.folder, "logwheel-start-"));
try {
  const { address } = await start("namesrv", "--listen", "127.0.0.1:0");
  const client = await connect({ endpoints: address });
  const cold = await coldStarts(address, folder, client);
  const restart = logBytes > 0 ? await restarts(address, folder, client) : {};
  await client.close();
  note("");
  console.log(
    JSON.stringify({ node: process.version, flush: values.flush, runs, ...cold, ...restart }, null, 2),
  );
} finally {
  await Promise.all([...started].map((child) => end(child, "SIGKILL")));
  await rm(folder, { recursive: true, force: true });
}
