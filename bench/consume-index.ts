import { mkdir, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { NodeFiles } from "../server/disk/node-files.js";
import { BlockCache } from "../server/store/block-cache.js";
import { ConsumeIndex } from "../server/store/consume-index.js";
import { ENTRY_NUMBERS } from "../server/store/open-entries.js";
import { Queue, type TopicState } from "../server/store/queue.js";
import { emptyHeader } from "../server/store/record.js";
import { Segments } from "../server/store/segments.js";
import { QueueFiles } from "./queue-files.js";

/**
 * Where the messages of each queue lie, kept in two ways: one immutable index file beside each sealed segment and the
 * open segment's entries in memory (what logwheel does), against one append-only file per queue. Index work alone: no
 * message is written. Printed as the rows of docs/adr/0003-consume-index.md.
 */
const { values } = parseArgs({
  options: {
    queues: { type: "string", default: "1,1000,10000" },
    messages: { type: "string", default: "2000000" },
    segment: { type: "string", default: String(256 << 20) },
    runs: { type: "string", default: "5" },
    folder: { type: "string", default: tmpdir() },
  },
});
const RECORD_BYTES = 1_112;
const MESSAGES = Number(values.messages);
const SEGMENT_BYTES = Number(values.segment);
const PER_SEGMENT = Math.floor(SEGMENT_BYTES / RECORD_BYTES);
const CACHE_BYTES = 32 << 20;

/** Medians of what was measured; milliseconds but where the name says otherwise. */
interface Figures {
  appendNs: number[];
  sealMs: number[];
  readMs: number[];
  restartMs: number[];
  files: number;
  bytes: number;
}

function figures(): Figures {
  return { appendNs: [], sealMs: [], readMs: [], restartMs: [], files: 0, bytes: 0 };
}

async function timed(into: number[], work: () => Promise<unknown> | unknown): Promise<void> {
  const startedMs = performance.now();
  await work();
  into.push(performance.now() - startedMs);
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

/** How many files of a kind a folder has, and their bytes. */
async function onDisk(folder: string, suffix: string): Promise<{ files: number; bytes: number }> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(suffix));
  let bytes = 0;
  for (const name of names) bytes += (await stat(join(folder, name))).blocks * 512;
  return { files: names.length, bytes };
}

/** Eight queues a topic, as ever. */
function makeQueues(count: number): Queue[] {
  const queues: Queue[] = [];
  while (queues.length < count) {
    const topic = { number: (queues.length >> 3) + 1, name: `topic-${queues.length >> 3}` } as TopicState;
    for (let id = 0; id < 8 && queues.length < count; id++) queues.push(new Queue(topic, id));
  }
  return queues;
}

/** A few queues all over. */
function some(count: number): number[] {
  return [0, 0.3, 0.5, 0.7, 0.99].map((share) => Math.floor(share * count));
}

async function perSegment(folder: string, count: number, into: Figures): Promise<void> {
  const files = await NodeFiles.open(folder);
  const queues = makeQueues(count);
  let segments = await Segments.open(files, SEGMENT_BYTES);
  let index = new ConsumeIndex(files, segments, new BlockCache(CACHE_BYTES));
  await segments.add(0);
  index.resume(0);
  for (let sent = 0, addMs = 0; sent < MESSAGES; ) {
    const until = Math.min(sent + PER_SEGMENT, MESSAGES);
    const startedMs = performance.now();
    addTo(index, queues, sent, until);
    addMs += performance.now() - startedMs;
    sent = until;
    if (sent === MESSAGES) into.appendNs.push((addMs * 1e6) / MESSAGES);
    else {
      const full = segments.last!;
      await segments.add(full.end);
      await timed(into.sealMs, () => {
        index.begin(full.end, queues);
        return index.seal(full);
      });
    }
  }
  const last = segments.last!.start;
  await index.close();
  await segments.close();

  const again = makeQueues(count);
  for (const [id, queue] of again.entries()) queue.rebase(queues[id]!.base);
  segments = await Segments.open(files, SEGMENT_BYTES);
  await timed(into.restartMs, async () => {
    index = new ConsumeIndex(files, segments, new BlockCache(CACHE_BYTES));
    index.resume(last);
    addTo(index, again, Math.floor(last / SEGMENT_BYTES) * PER_SEGMENT, MESSAGES);
    await index.repair();
  });
  await index.close();
  for (const id of some(count)) {
    index = new ConsumeIndex(files, segments, new BlockCache(CACHE_BYTES));
    index.resume(last);
    await timed(into.readMs, () => readThrough(index, again[id]!));
    await index.close();
  }
  Object.assign(into, await onDisk(folder, ".index"));
  await segments.close();
}

function addTo(index: ConsumeIndex, queues: readonly Queue[], from: number, to: number): void {
  const header = emptyHeader();
  header.length = RECORD_BYTES;
  for (let message = from; message < to; message++) {
    const queue = queues[message % queues.length]!;
    header.queueOffset = queue.nextOffset = queue.indexed;
    index.add(queue, header, (message % PER_SEGMENT) * RECORD_BYTES);
  }
}

async function readThrough(index: ConsumeIndex, queue: Queue): Promise<void> {
  for (let offset = 0; offset < queue.indexed; ) {
    const { numbers } = await index.run(queue, offset, 4_096);
    for (let at = 0; at < numbers.length; at += ENTRY_NUMBERS) if (numbers[at + 1]! > 0) offset++;
  }
}

async function perQueue(folder: string, count: number, into: Figures): Promise<void> {
  let files = await QueueFiles.create(folder, count);
  let addMs = 0;
  for (let sent = 0; sent < MESSAGES; ) {
    const until = Math.min(sent + PER_SEGMENT, MESSAGES);
    const startedMs = performance.now();
    for (let message = sent; message < until; message++)
      files.add(message % count, message * RECORD_BYTES, RECORD_BYTES, 0, 0);
    addMs += performance.now() - startedMs;
    sent = until;
    if (sent < MESSAGES) await timed(into.sealMs, () => files.write());
  }
  into.appendNs.push((addMs * 1e6) / MESSAGES);
  await files.close();
  const from = Math.floor((MESSAGES - 1) / PER_SEGMENT) * PER_SEGMENT;
  await timed(into.restartMs, async () => {
    files = await QueueFiles.recover(folder, count);
    for (let message = from; message < MESSAGES; message++)
      files.add(message % count, message * RECORD_BYTES, RECORD_BYTES, 0, 0);
  });
  for (const id of some(count)) await timed(into.readMs, () => files.readAll(id));
  Object.assign(into, await onDisk(folder, ".queue"));
  await files.close();
}

/** What a seal takes if it is to survive a power cut, as the other way's does: once, it takes long. */
async function syncedSeal(folder: string, count: number): Promise<number> {
  const files = await QueueFiles.create(folder, count);
  const took: number[] = [];
  for (let message = 0; message < PER_SEGMENT; message++)
    files.add(message % count, message * RECORD_BYTES, RECORD_BYTES, 0, 0);
  await timed(took, async () => {
    await files.write();
    await files.sync();
  });
  await files.close();
  return took[0]!;
}

function row(
  name: string,
  { appendNs, sealMs, readMs, restartMs, files, bytes }: Figures,
  note: string,
): string {
  const cells = [
    name,
    median(appendNs).toFixed(0),
    `${median(sealMs).toFixed(0)}${note}`,
    median(readMs).toFixed(2),
    median(restartMs).toFixed(0),
    String(files),
    (bytes / 2 ** 20).toFixed(1),
  ];
  return `| ${cells.join(" | ")} |`;
}

console.log(
  "| queues, layout | append ns | seal ms | cold read of one queue ms | restart ms | files | MiB |",
);
console.log("| --- | --- | --- | --- | --- | --- | --- |");
for (const count of values.queues.split(",").map(Number)) {
  const [ours, theirs] = [figures(), figures()];
  const synced: number[] = [];
  for (let run = 0; run < Number(values.runs); run++) {
    const folder = await mkdtemp(join(values.folder, "logwheel-index-"));
    try {
      for (const name of ["segment", "queue", "synced"]) await mkdir(join(folder, name));
      await perSegment(join(folder, "segment"), count, ours);
      await perQueue(join(folder, "queue"), count, theirs);
      if (run === 0) synced.push(await syncedSeal(join(folder, "synced"), count));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
  console.log(row(`${count}, file per segment`, ours, ""));
  console.log(row(`${count}, file per queue`, theirs, ` (synced: ${median(synced).toFixed(0)})`));
}
