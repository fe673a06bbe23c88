import { rm } from "node:fs/promises";
import { systemClock as clock } from "../../../proto/kernel/clock.js";
import { silentLogger } from "../../../proto/kernel/logger.js";
import { encodedMessageSize, writeMessage } from "../../../proto/kernel/message-codec.js";
import { NodeFiles } from "../../../server/disk/node-files.js";
import { emptyHeader, HEADER_BYTES } from "../../../server/store/record.js";
import { Store } from "../../../server/store/store.js";
import { benchFolder } from "./folder.js";
import { Latencies } from "./latencies.js";
import { perSecond } from "./report.js";
import { ownUsage } from "./usage.js";

/** What to append. */
export interface StorageOptions {
  readonly size: number;
  readonly inFlight: number;
  readonly seconds: number;
  readonly topics: number;
  readonly flush: "sync" | "async";
  readonly retentionBytes: number;
  readonly progress: (line: string) => void;
  /** Aborting ends it; what was written goes with the folder. */
  readonly signal: AbortSignal;
}

const SEGMENT_BYTES = 256 << 20;
const QUEUES = 8;
const BATCH = 64;
const SHOW_MS = 500;

/** The store alone, in this process: appends without a network, so many messages unsettled at a time. */
export async function benchStorage(options: StorageOptions): Promise<Record<string, unknown>> {
  const folder = await benchFolder();
  const { flush } = options;
  const store = await Store.open({
    files: await NodeFiles.open(folder),
    clock,
    logger: silentLogger,
    flush,
    segmentBytes: SEGMENT_BYTES,
  });
  try {
    return await appending(store, options);
  } finally {
    options.progress("");
    await store.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function appending(store: Store, options: StorageOptions): Promise<Record<string, unknown>> {
  for (let number = 1; number <= options.topics; number++) addTopic(store, number);
  const queues = [...store.state.topics.values()].flatMap((topic) => topic.queues);
  const message = { body: Buffer.alloc(options.size, "logwheel ") };
  const bytes = Buffer.alloc(encodedMessageSize(message));
  writeMessage(message, bytes, 0);
  const header = emptyHeader();
  const latencies = new Latencies();
  let settled = 0;
  let turn = 0;
  const untilMs = clock.monotonicMs() + options.seconds * 1_000;
  const cpu = ownUsage().cpuSeconds;
  let shownMs = Number.NEGATIVE_INFINITY;
  const run = async (): Promise<void> => {
    while (clock.monotonicMs() < untilMs) {
      options.signal.throwIfAborted();
      const sinceMs = clock.monotonicMs();
      store.stamp();
      for (let count = 0; count < BATCH; count++) {
        store.reserve(HEADER_BYTES + bytes.length);
        store.append(queues[turn++ % queues.length]!, header, bytes, 0, bytes.length);
      }
      await store.whenSettled();
      settled += BATCH;
      latencies.add(clock.monotonicMs() - sinceMs);
      if (sinceMs - shownMs >= SHOW_MS) {
        shownMs = sinceMs;
        options.progress(`appending: ${settled}`);
      }
      const { logStart, logEnd } = store.figures;
      if (logEnd - logStart > options.retentionBytes) await store.sealed.dropFirst();
    }
  };
  const sinceMs = clock.monotonicMs();
  await Promise.all(Array.from({ length: Math.max(1, Math.ceil(options.inFlight / BATCH)) }, run));
  const tookMs = clock.monotonicMs() - sinceMs;
  return {
    appended: settled,
    seconds: tookMs / 1_000,
    messagesPerSecond: perSecond(settled, tookMs),
    batchLatencyMs: latencies.summary(),
    cpuSeconds: ownUsage().cpuSeconds - cpu,
    peakMemoryBytes: ownUsage().peakMemoryBytes,
  };
}

function addTopic(store: Store, number: number): void {
  store.appendTopic({
    op: "put",
    number,
    name: `bench-${number}`,
    queues: QUEUES,
    type: 5,
    permission: 0,
    retentionMs: 0,
    attributes: {},
    createdAtMs: clock.nowMs(),
  });
}
