import { spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { systemClock } from "../proto/kernel/clock.js";
import { silentLogger } from "../proto/kernel/logger.js";
import { encodedMessageSize, writeMessage } from "../proto/kernel/message-codec.js";
import { parseBytes } from "../proto/kernel/quantity.js";
import { NodeFiles } from "../server/disk/node-files.js";
import type { Queue } from "../server/store/queue.js";
import { emptyHeader, HEADER_BYTES, KIND } from "../server/store/record.js";
import { Store } from "../server/store/store.js";

/**
 * The due index with many pending entries: how fast they are put, what a start costs that replays the log from the mark,
 * and what one costs that has lost the views; how fast what is due is read and settled. Prints rows: milliseconds, those of
 * processor time of all threads, the rate.
 */
const { values } = parseArgs({
  options: {
    entries: { type: "string", default: "1000000" },
    size: { type: "string", default: "1KiB" },
    "segment-bytes": { type: "string", default: "256MiB" },
    "in-flight": { type: "string", default: "1000" },
    folder: { type: "string", default: tmpdir() },
    /** Of the process that is killed: where it works. */
    fill: { type: "string" },
  },
});
const entries = Number(values.entries);
const inFlight = Number(values["in-flight"]);
const body = Buffer.alloc(parseBytes(values.size), "logwheel ");
const message = Buffer.alloc(encodedMessageSize({ body }));
writeMessage({ body }, message, 0);

const HOUR_MS = 3_600_000;

function open(files: NodeFiles): Promise<Store> {
  return Store.open({
    files,
    clock: systemClock,
    logger: silentLogger,
    flush: "async",
    segmentBytes: parseBytes(values["segment-bytes"]),
  });
}

async function timed<T>(what: string, act: () => Promise<T>, count?: number): Promise<T> {
  const startedMs = performance.now();
  const cpu = process.cpuUsage();
  const answer = await act();
  const ms = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(cpu);
  const rate = count === undefined ? "" : `${Math.round((count / ms) * 1_000).toLocaleString("en")}/s`;
  console.log(`| ${what} | ${Math.round(ms)} | ${Math.round((user + system) / 1_000)} | ${rate} |`);
  return answer;
}

function queueOf(store: Store): Queue {
  store.appendTopic({
    ...{ op: "put", number: 1, name: "orders", queues: 1, type: 5, permission: 0, retentionMs: 0 },
    ...{ attributes: {}, createdAtMs: 1 },
  } as Parameters<Store["appendTopic"]>[0]);
  return store.state.topics.get("orders")!.queues[0]!;
}

/** Due within a day from an hour on, in an order of its own: 7919 is prime to the number of minutes. */
async function put(store: Store, queue: Queue): Promise<void> {
  const nowMs = systemClock.nowMs();
  const header = emptyHeader();
  for (let count = 0; count < entries; count++) {
    store.reserve(HEADER_BYTES + message.length);
    const dueAtMs = nowMs + HOUR_MS + ((count * 7_919) % (24 * 60)) * 60_000;
    store.due.append({ kind: KIND.delayed, dueAtMs, queue }, header, message, 0, message.length);
    if (count % inFlight === 0) await store.whenSettled();
  }
  await store.whenSettled();
}

async function settleAll(store: Store): Promise<void> {
  const toMs = systemClock.nowMs() + 48 * HOUR_MS;
  for (;;) {
    const due = await store.due.ready(toMs, inFlight);
    if (due.length === 0) return;
    store.reserve(store.due.settleBytes(due.length));
    store.due.settle(
      due.map((entry) => ({ entry, againAtMs: 0 })),
      false,
    );
    await store.whenSettled();
  }
}

/** The life of a process that is killed: its index has marks of the seals only. */
async function fill(): Promise<void> {
  const store = await open(await NodeFiles.open(folder));
  const queue = queueOf(store);
  await timed(`${entries} entries put`, () => put(store, queue), entries);
  await store.sealed.idle();
  process.kill(process.pid, "SIGKILL");
}

async function opened(what: string, files: NodeFiles): Promise<Store> {
  const store = await timed(what, () => open(files));
  if (store.due.pending !== entries) throw new Error(`${store.due.pending} entries are pending`);
  return store;
}

async function measure(): Promise<void> {
  const script = fileURLToPath(import.meta.url);
  spawnSync(process.execPath, [script, ...process.argv.slice(2), "--fill", folder], { stdio: "inherit" });
  const files = await NodeFiles.open(folder);
  let store = await opened("start after kill -9: replay from the mark", files);
  await timed("stop", () => store.close());

  store = await opened("start after a stop", files);
  await store.close();

  await rm(join(folder, "views"), { recursive: true });
  store = await opened("start without views: replay of the whole log", files);

  await timed("all of it read in due order and settled", () => settleAll(store), entries);
  if (store.due.pending !== 0) throw new Error(`${store.due.pending} entries are pending`);
  await store.close();
}

const folder = values.fill ?? (await mkdtemp(join(values.folder, "logwheel-due-")));
if (values.fill !== undefined) await fill();
else
  try {
    await measure();
  } finally {
    await rm(folder, { recursive: true });
  }
