import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { systemClock } from "../proto/kernel/clock.js";
import { silentLogger } from "../proto/kernel/logger.js";
import { encodedMessageSize, writeMessage } from "../proto/kernel/message-codec.js";
import { NodeFiles } from "../server/disk/node-files.js";
import type { Queue } from "../server/store/queue.js";
import type { RecordSink } from "../server/store/queue-reader.js";
import { emptyHeader, HEADER_BYTES } from "../server/store/record.js";
import { Store } from "../server/store/store.js";

/**
 * Reading a backlog that is not in the store's memory: CPU and time per message, and how long one call of `read` held the
 * event loop. The bytes come out of the page cache: this is the broker's own work.
 */
const { values } = parseArgs({
  options: {
    queues: { type: "string", default: "8" },
    messages: { type: "string", default: "400000" },
    size: { type: "string", default: "1024" },
    batch: { type: "string", default: String(256 << 10) },
    runs: { type: "string", default: "5" },
    segment: { type: "string", default: String(64 << 20) },
    folder: { type: "string", default: tmpdir() },
  },
});
const [queues, messages, size, batch, runs, segment] = [
  values.queues,
  values.messages,
  values.size,
  values.batch,
  values.runs,
  values.segment,
].map(Number) as [number, number, number, number, number, number];

/** Copies what it is given, as the frame of a batch would. */
class Frame implements RecordSink {
  count = 0;
  bytes = 0;
  readonly #into = Buffer.alloc(8 << 20);
  #at = 0;

  begin(): void {
    this.#at = 0;
  }

  take(bytes: Buffer, start: number, end: number): boolean {
    bytes.copy(this.#into, this.#at, start, end);
    this.#at += end - start;
    this.count += 1;
    this.bytes += end - start;
    return true;
  }
}

function open(files: NodeFiles): Promise<Store> {
  return Store.open({
    files,
    clock: systemClock,
    logger: silentLogger,
    flush: "async",
    segmentBytes: segment,
    slabsKept: 1,
  });
}

async function fill(store: Store): Promise<void> {
  store.appendTopic({
    op: "put",
    number: 1,
    name: "cold",
    queues,
    type: 5,
    permission: 0,
    retentionMs: 0,
    attributes: {},
    createdAtMs: 1,
  });
  const message = { body: Buffer.alloc(size, 0x61) };
  const bytes = Buffer.alloc(encodedMessageSize(message));
  writeMessage(message, bytes, 0);
  const header = emptyHeader();
  const all = store.state.topics.get("cold")!.queues;
  for (let sent = 0; sent < messages; sent++) {
    store.reserve(HEADER_BYTES + bytes.length);
    store.append(all[sent % queues]!, header, bytes, 0, bytes.length);
    if (sent % 1_024 === 0) await store.whenSettled();
  }
  await store.whenSettled();
}

interface Result {
  readonly wallUs: number;
  readonly cpuUs: number;
  readonly holdMs: number;
  readonly delayMs: number;
}

/** Reads all queues to their ends, a batch of each in turn. */
async function readAll(store: Store): Promise<Result> {
  const frame = new Frame();
  const all = store.state.topics.get("cold")!.queues;
  const next = new Map<Queue, number>(all.map((queue) => [queue, 0]));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const before = process.cpuUsage();
  const startedMs = performance.now();
  let holdMs = 0;
  while (next.size > 0)
    for (const [queue, offset] of next) {
      frame.begin();
      const calledMs = performance.now();
      const reading = store.read(queue, offset, { maxMessages: 4_096, maxBytes: batch }, frame);
      holdMs = Math.max(holdMs, performance.now() - calledMs);
      const reached = reading instanceof Promise ? await reading : reading;
      if (reached === store.endOffset(queue)) next.delete(queue);
      else next.set(queue, reached);
      if (frame.count % 4_096 < 256) await new Promise((resolve) => setImmediate(resolve));
    }
  const wallMs = performance.now() - startedMs;
  const { user, system } = process.cpuUsage(before);
  delay.disable();
  if (frame.count !== messages) throw new Error(`read ${frame.count} of ${messages} messages`);
  return {
    wallUs: (wallMs * 1_000) / messages,
    cpuUs: (user + system) / messages,
    holdMs,
    delayMs: delay.percentile(99.9) / 1e6,
  };
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!;
}

const folder = await mkdtemp(join(values.folder, "logwheel-cold-"));
try {
  const files = await NodeFiles.open(folder);
  let store = await open(files);
  await fill(store);
  await store.close();
  const results: Result[] = [];
  for (let run = 0; run <= runs; run++) {
    store = await open(files);
    const result = await readAll(store);
    if (run > 0) results.push(result);
    await store.close();
  }
  const of = (pick: (result: Result) => number): string => median(results.map(pick)).toFixed(2);
  console.log(
    `${messages} messages of ${size} B in ${queues} queues, ${batch} B a read, median of ${runs}: ` +
      `${of((result) => result.cpuUs)} us of CPU (all threads), ${of((result) => result.wallUs)} us of wall per message; ` +
      `longest call ${of((result) => result.holdMs)} ms, loop delay p99.9 ${of((result) => result.delayMs)} ms`,
  );
} finally {
  await rm(folder, { recursive: true, force: true });
}
