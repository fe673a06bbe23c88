import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { NodeFiles } from "../server/disk/node-files.js";
import { BlockCache } from "../server/store/block-cache.js";
import { ConsumeIndex } from "../server/store/consume-index.js";
import type { Queue } from "../server/store/queue.js";
import { emptyHeader, HEADER_BYTES, KIND, writeRecord } from "../server/store/record.js";
import { Segments } from "../server/store/segments.js";
import { State } from "../server/store/state.js";

/**
 * The snapshot of the metadata that opens every segment: how large it is, how long a new segment holds the event loop
 * (the index of the last one is put aside, the snapshot made and appended), and how long a start takes to load it.
 * Printed as a row of docs/performance.md.
 */
const { values } = parseArgs({
  options: {
    topics: { type: "string", default: "10000" },
    queues: { type: "string", default: "8" },
    groups: { type: "string", default: "3" },
    producers: { type: "string", default: "100" },
    runs: { type: "string", default: "11" },
  },
});
const [topics, queues, groups, producers, runs] = [
  values.topics,
  values.queues,
  values.groups,
  values.producers,
  values.runs,
].map(Number) as [number, number, number, number, number];

/** Every group has a cursor in every queue, one in fifty with acknowledgements out of order and a retry. */
function stateOf(): State {
  const state = new State();
  for (let number = 1; number <= topics; number++)
    state.reduce(KIND.topic, {
      op: "put",
      number,
      name: `orders-of-region-${number}`,
      queues,
      type: 5,
      permission: 0,
      retentionMs: 0,
      attributes: {},
      createdAtMs: 1_795_000_000_000,
    });
  for (let number = 1; number <= groups; number++)
    state.reduce(KIND.group, {
      op: "put",
      number,
      name: `group-${number}`,
      ordered: false,
      maxAttempts: 17,
      assign: 0,
      paused: false,
    });
  let count = 0;
  for (const topic of state.topics.values())
    for (const queue of topic.queues) {
      queue.nextOffset = 1_000_000 + count;
      for (let group = 1; group <= groups; group++, count++) {
        const busy = count % 50 === 0;
        const floor = 900_000 + count;
        state.reduce(KIND.cursors, [
          [
            group,
            topic.number,
            queue.id,
            floor,
            busy ? [[floor + 1, floor + 9]] : [],
            busy ? [[floor, 2, 1_795_000_000_000]] : [],
          ],
        ]);
      }
    }
  const header = emptyHeader();
  const queue = state.topics.values().next().value!.queues[0]!;
  for (let producerId = 1; producerId <= producers; producerId++)
    for (let sequence = 1; sequence <= 256; sequence++)
      state.message(queue, Object.assign(header, { producerId, sequence, logOffset: sequence * 1_112 }));
  return state;
}

function* queuesOf(of: State): Generator<Queue> {
  for (const topic of of.topics.values()) yield* topic.queues;
}

function median(numbers: number[]): string {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1]!.toFixed(1);
}

const state = stateOf();
const log = Buffer.allocUnsafeSlow(64 << 20);
const view = new DataView(log.buffer, log.byteOffset, log.length);
const folder = await mkdtemp(join(tmpdir(), "logwheel-snapshot-"));
const files = await NodeFiles.open(folder);
const segments = await Segments.open(files, 1 << 20);
await rm(folder, { recursive: true });
const [indexMs, makeMs, appendMs, loadMs]: number[][] = [[], [], [], []];
let bytes = 0;
let parts: Buffer[] = [];
for (let run = 0; run < runs; run++) {
  const index = new ConsumeIndex(files, segments, new BlockCache(0));
  const beganMs = performance.now();
  index.begin(1 << 20, queuesOf(state));
  const startedMs = performance.now();
  parts = [...state.snapshot(0)].map((part) => Buffer.from(JSON.stringify(part)));
  const madeMs = performance.now();
  bytes = 0;
  for (const part of parts) {
    writeRecord(
      log,
      view,
      bytes,
      Object.assign(emptyHeader(), { kind: KIND.snapshot }),
      part,
      0,
      part.length,
    );
    bytes += HEADER_BYTES + part.length;
  }
  indexMs!.push(startedMs - beganMs);
  makeMs!.push(madeMs - startedMs);
  appendMs!.push(performance.now() - madeMs);
}
for (let run = 0; run < runs; run++) {
  const startedMs = performance.now();
  const again = new State();
  for (const part of parts) again.reduce(KIND.snapshot, JSON.parse(part.toString()));
  loadMs!.push(performance.now() - startedMs);
  if (again.topics.size !== topics) throw new Error("the snapshot did not come back");
}
console.log("| topics x queues x groups | MiB | index ms | made ms | appended ms | loaded ms |");
console.log("| --- | --- | --- | --- | --- | --- |");
const figures = [indexMs!, makeMs!, appendMs!, loadMs!].map(median).join(" | ");
console.log(`| ${topics} x ${queues} x ${groups} | ${(bytes / 2 ** 20).toFixed(1)} | ${figures} |`);
