import { spawn } from "node:child_process";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServers } from "../client/cli/bench/servers.js";
import { type Client, connect, type Topic, topic } from "../client/index.js";
import { parseBytes } from "../proto/kernel/quantity.js";

/**
 * Whether the publish rate depends on how much is stored, and on somebody who reads old segments: the rate from an empty
 * folder, with `--stored` in the log, and then beside a reader in this process that goes through the oldest segment again
 * and again. Nothing is dropped, so every run writes new files. Prints one JSON value; progress on stderr.
 */
const { values } = parseArgs({
  options: {
    stored: { type: "string", default: "20GiB" },
    runs: { type: "string", default: "5" },
    seconds: { type: "string", default: "10" },
    flush: { type: "string", default: "async" },
    "in-flight": { type: "string", default: "2048" },
  },
});
const storedBytes = parseBytes(values.stored);
const FILL_SECONDS = "5";
/** What the reader goes through: most of the first segment. */
const COLD_MESSAGES = 200_000;
const COLD_BYTES = 1_024;
/** What the runs write, at most: the oldest segment must stay. */
const ROOM_BYTES = 64 * 2 ** 30;

const launcher = fileURLToPath(new URL("../client/cli/logwheel.cjs", import.meta.url));

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Messages per second of a publisher in a process of its own. */
async function publish(nameServer: string, seconds: string): Promise<number> {
  const args = [
    "--in-flight",
    values["in-flight"],
    "--seconds",
    seconds,
    "--namesrv",
    nameServer,
    "-o",
    "json",
  ];
  const child = spawn(process.execPath, [launcher, "bench", "send", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let text = "";
  for await (const chunk of child.stdout) text += chunk;
  return (JSON.parse(text) as { messagesPerSecond: number }).messagesPerSecond;
}

async function rates(what: string, nameServer: string): Promise<number[]> {
  const found: number[] = [];
  for (let run = 1; run <= Number(values.runs); run++) {
    found.push(await publish(nameServer, values.seconds));
    note(`${what}, run ${run}: ${found.at(-1)} messages/s`);
  }
  return found;
}

function median(all: readonly number[]): number {
  return [...all].sort((a, b) => a - b)[all.length >> 1]!;
}

async function logBytes(client: Client): Promise<number> {
  const { brokers } = await client.admin.cluster.describe();
  return brokers[0]!.logEnd - brokers[0]!.logStart;
}

async function fillOldest(client: Client, oldest: Topic<Uint8Array>): Promise<void> {
  await client.admin.topics.create(oldest.name, { queues: 8, type: "normal" });
  await using producer = client.producer();
  const body = Buffer.alloc(COLD_BYTES, "cold");
  for (let sent = 0; sent < COLD_MESSAGES; sent += 1_000)
    await Promise.all(Array.from({ length: 1_000 }, () => producer.send({ topic: oldest, body })));
}

/** Reads the topic over and over; the returned function ends that and tells messages per second. */
function readOver(client: Client, oldest: Topic<Uint8Array>): () => Promise<number> {
  const stop = new AbortController();
  const sinceMs = performance.now();
  let read = 0;
  const over = (async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await using reader = client.reader(oldest, { from: "earliest", until: "end", signal: stop.signal });
      for await (const _message of reader) read++;
    }
  })().catch((thrown: unknown) => {
    if (!stop.signal.aborted) throw thrown;
  });
  return async () => {
    stop.abort();
    await over;
    return Math.round((read * 1_000) / (performance.now() - sinceMs));
  };
}

const servers = await startServers({
  flush: values.flush === "sync" ? "sync" : "async",
  retentionBytes: storedBytes + ROOM_BYTES,
  signal: new AbortController().signal,
});
try {
  const { nameServer } = servers;
  const oldest = topic("bench-oldest");
  await using client = await connect({ endpoints: nameServer });
  await fillOldest(client, oldest);
  const empty = await rates("empty", nameServer);
  while ((await logBytes(client)) < storedBytes) {
    await publish(nameServer, FILL_SECONDS);
    note(`filling: ${((await logBytes(client)) / 2 ** 30).toFixed(1)} GiB`);
  }
  const stored = await rates("stored", nameServer);
  const stopReading = readOver(client, oldest);
  const beside = await rates("beside cold reads", nameServer);
  const coldReadsPerSecond = await stopReading();
  const result = {
    flush: values.flush,
    inFlight: Number(values["in-flight"]),
    storedBytes: await logBytes(client),
    messagesPerSecond: { empty, stored, beside },
    coldReadsPerSecond,
    storedShare: median(stored) / median(empty),
    besideShare: median(beside) / median(stored),
  };
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
} finally {
  await servers.stop();
}
