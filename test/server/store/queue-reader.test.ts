import { expect } from "chai";
import fc from "fast-check";
import { systemClock } from "../../../proto/kernel/clock.js";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import { fnv1aOf } from "../../../proto/kernel/hash.js";
import { readRecord } from "../../../proto/kernel/record.js";
import { diskError } from "../../../server/disk/memory-disk.js";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { BlockCache } from "../../../server/store/block-cache.js";
import type { Queue } from "../../../server/store/queue.js";
import type { ReadLimits } from "../../../server/store/queue-reader.js";
import { type QueueEntries, SegmentIndex, writeSegmentIndex } from "../../../server/store/segment-index.js";
import type { Store } from "../../../server/store/store.js";
import { failure } from "../../support/refusal.js";
import { addTopic, append, bodies, openStore, text } from "../../support/store.js";

const LIMITS: ReadLimits = { maxMessages: 100, maxBytes: 1 << 20 };

/** Bodies that one read gives, and where it says to go on. */
async function readOnce(
  store: Store,
  queue: Queue,
  offset: number,
  limits = LIMITS,
): Promise<{ found: string[]; next: number }> {
  const found: string[] = [];
  const next = await store.read(queue, offset, limits, {
    take(bytes, start, end) {
      found.push(readRecord(bytes, start, end).message().body.toString().split(" ")[0]!);
      return true;
    },
  });
  return { found, next };
}

/** Messages `a-0` and on in queue 0, `b-0` and on in queue 1, over several segments, reopened: all but the end is cold. */
async function written(count = 60): Promise<{ files: MemoryFiles; store: Store; a: Queue; b: Queue }> {
  const files = new MemoryFiles();
  let store = await openStore(files);
  const topic = addTopic(store, "orders", 2);
  for (let index = 0; index < count; index++) {
    append(store, topic.queues[0]!, [text(`a-${index} ${"x".repeat(1_500)}`, { tag: `tag-${index % 2}` })]);
    append(store, topic.queues[1]!, [text(`b-${index} ${"y".repeat(1_500)}`)]);
  }
  await store.whenSettled();
  await store.close();
  store = await openStore(files);
  const [a, b] = store.state.topics.get("orders")!.queues;
  return { files, store, a: a!, b: b! };
}

/** Turns a byte of the record with this body, `distance` behind where the body begins, in whichever segment it is. */
async function damage(files: MemoryFiles, body: string, distance = 0): Promise<void> {
  const log = await files.folder("log");
  for (const name of (await log.list()).filter((each) => each.endsWith(".log"))) {
    const bytes = log.peek(name);
    const at = bytes.indexOf(`${body} `);
    if (at < 0) continue;
    const file = await log.open(name);
    file.writeNow(Buffer.of(bytes[at + distance]! ^ 0x10), at + distance);
    return file.close();
  }
  throw new Error(`no record has ${body}`);
}

async function removeIndexes(files: MemoryFiles): Promise<void> {
  const log = await files.folder("log");
  for (const name of await log.list()) if (name.endsWith(".index")) await log.remove(name);
}

function named(letter: string, count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}-${from + index}`);
}

/** Everything of a queue, read on from behind each damaged message. */
async function readAround(store: Store, queue: Queue): Promise<{ found: string[]; damaged: number[] }> {
  const [all, damaged]: [string[], number[]] = [[], []];
  for (let offset = 0; offset < store.endOffset(queue); ) {
    try {
      const { found, next } = await readOnce(store, queue, offset);
      all.push(...found);
      offset = next;
    } catch (thrown) {
      if (!LogwheelError.is(thrown, "LOG_CORRUPT")) throw thrown;
      damaged.push(offset++);
    }
  }
  return { found: all, damaged };
}

describe("QueueReader", () => {
  it("serves what is before and behind a damaged message, which it names (T5)", async () => {
    const { files, store, a, b } = await written();
    await damage(files, "a-5", 700);
    expect(await readOnce(store, a, 0)).to.deep.equal({ found: named("a", 5), next: 5 });
    const error = await failure(readOnce(store, a, 5));
    expect(error.code).to.equal("LOG_CORRUPT");
    expect(error.message).to.match(
      /^queue 0 of topic orders is damaged at offset 5: the record at log offset \d+ fails its checksum\. .* go on from offset 6/,
    );
    expect(error.details.topic).to.equal("orders");
    expect((await readAround(store, a)).found).to.deep.equal([...named("a", 5), ...named("a", 54, 6)]);
    expect(await readAround(store, b)).to.deep.equal({ found: named("b", 60), damaged: [] });
    await store.close();
  });

  it("loses one message, whichever of its bytes is wrong", async () => {
    for (let distance = -96; distance < 10; distance++) {
      const { files, store, a, b } = await written(12);
      await damage(files, "a-3", distance);
      const both = [await readAround(store, a), await readAround(store, b)];
      expect(
        both.flatMap(({ damaged }) => damaged),
        `${distance}`,
      ).to.have.length(1);
      expect(
        both.flatMap(({ found }) => found),
        `${distance}`,
      ).to.have.length(23);
      await store.close();
    }
  });

  for (const lost of ["a-5", "b-10", "a-18", "b-19", "a-20"])
    it(`says the same of ${lost} when the index was lost, too`, async () => {
      const { files, store } = await written();
      await store.close();
      await damage(files, lost, 700);
      await removeIndexes(files);
      const again = await openStore(files);
      const expected = {
        a: { found: named("a", 60), damaged: [] as number[] },
        b: { found: named("b", 60), damaged: [] as number[] },
      };
      const of = expected[lost[0] as "a" | "b"];
      of.damaged.push(Number(lost.slice(2)));
      of.found.splice(Number(lost.slice(2)), 1);
      const [first, second] = again.state.topics.get("orders")!.queues;
      expect(await readAround(again, first!)).to.deep.equal(expected.a);
      expect(await readAround(again, second!)).to.deep.equal(expected.b);
      const damaged = Number(lost.slice(2));
      const queue = lost.startsWith("a") ? first! : second!;
      const filtered = { ...LIMITS, tagHashes: new Set([fnv1aOf("tag-0")]) };
      const error = await failure(readOnce(again, queue, damaged, filtered));
      expect(error.message).to.match(/lost with those from log offset \d+ on|took its index entry/);
      await again.close();
    });

  it("does not serve the messages of another queue that a wrong index names", async () => {
    const { files, store, a, b } = await written();
    await store.close();
    const log = await files.folder("log");
    const name = (await log.list()).find((each) => each.endsWith(".index"))!;
    const start = Number.parseInt(name, 10);
    const index = await SegmentIndex.open(log, start, new BlockCache(1 << 20));
    const rows: QueueEntries[] = [];
    for (const queueId of [0, 1]) {
      const place = (await index.find(a.topic.number, 1 - queueId))!;
      const entries = await index.entries(place, 0, place.count);
      rows.push({ topic: a.topic.number, queueId, baseOffset: 0, count: place.count, entries });
    }
    await index.close();
    await writeSegmentIndex(log, start, rows);
    const again = await openStore(files);
    for (const id of [a.id, b.id]) {
      const error = await failure(readOnce(again, again.state.topics.get("orders")!.queues[id]!, 0));
      expect(error.message).to.match(/damaged at offset 0: another record stands at log offset \d+/);
    }
    await again.close();
  });

  it("finds quiet queues' messages behind a segment whose snapshot and index are lost", async () => {
    const files = new MemoryFiles();
    let store = await openStore(files);
    const topic = addTopic(store, "orders", 2);
    append(store, topic.queues[1]!, [text("b-0 "), text("b-1 ")]);
    for (let index = 0; index < 200; index++)
      append(store, topic.queues[0]!, [text(`a-${index} ${"x".repeat(2_000)}`)]);
    append(store, topic.queues[1]!, [text("b-2 ")]);
    await store.whenSettled();
    await store.close();
    const log = await files.folder("log");
    const sealed = (await log.list()).filter((name) => name.endsWith(".log")).slice(1, -1);
    for (const name of sealed) {
      const bytes = log.peek(name);
      const file = await log.open(name);
      file.writeNow(Buffer.from("?"), bytes.indexOf('"topics"') + 2);
      await file.close();
    }
    await removeIndexes(files);
    store = await openStore(files);
    const [a, b] = store.state.topics.get("orders")!.queues;
    expect(await readAround(store, b!)).to.deep.equal({ found: named("b", 3), damaged: [] });
    expect(await readAround(store, a!)).to.deep.equal({ found: named("a", 200), damaged: [] });
    await store.close();
  });

  it("does not keep a look-up by time from its answer", async () => {
    let nowMs = 1_000;
    const files = new MemoryFiles();
    const clock = { ...systemClock, nowMs: () => nowMs };
    let store = await openStore(files, { clock });
    const topic = addTopic(store, "orders");
    for (let index = 0; index < 60; index++, nowMs++)
      append(store, topic.queues[0]!, [text(`a-${index} ${"x".repeat(3_000)}`)]);
    await store.whenSettled();
    await store.close();
    for (const damaged of [10, 11, 12, 14, 15, 30]) await damage(files, `a-${damaged}`, 700);
    store = await openStore(files, { clock });
    const queue = store.state.topics.get("orders")!.queues[0]!;
    for (const ms of [0, 5, 9, 20, 45, 60])
      expect(await store.lookup.offsetAt(queue, 1_000 + ms), `${ms}`).to.equal(ms);
    for (const ms of [11, 12, 13, 15, 16, 30, 31])
      expect(await store.lookup.offsetAt(queue, 1_000 + ms), `${ms}`).to.be.within(10, ms);
    expect(await store.lookup.storedAt(queue, 9)).to.equal(1_009);
    expect(await store.lookup.storedAt(queue, 10)).to.be.within(1_013, 1_020);
    await store.close();
  });

  it("passes over a damaged message that a filter does not want", async () => {
    const { files, store, a } = await written();
    await damage(files, "a-5", 700);
    const read = (tag: string, from: number): Promise<{ found: string[]; next: number }> =>
      readOnce(store, a, from, { ...LIMITS, tagHashes: new Set([fnv1aOf(tag)]) });
    expect((await read("tag-0", 0)).found).to.have.length(30);
    expect(await read("tag-1", 0)).to.deep.equal({ found: ["a-1", "a-3"], next: 5 });
    expect((await failure(read("tag-1", 5))).code).to.equal("LOG_CORRUPT");
    await store.close();
  });

  it("reads records alone when their block cannot be read, and names those that cannot either", async () => {
    const { files, store, a } = await written();
    let reads = 0;
    files.before = ({ call, name }) => {
      if (call === "read" && name.endsWith(".log") && reads++ === 0) throw diskError("EIO");
    };
    expect((await readOnce(store, a, 0)).found).to.deep.equal(named("a", 60));
    expect(reads).to.be.greaterThan(1);
    await store.close();
    const again = await openStore(files);
    const cold = again.state.topics.get("orders")!.queues[0]!;
    files.before = ({ call, name }) => {
      if (call === "read" && name.endsWith(".log")) throw diskError("EIO");
    };
    const error = await failure(readOnce(again, cold, 7));
    expect(error.code).to.equal("LOG_CORRUPT");
    expect(error.message).to.match(/damaged at offset 7: the record at log offset \d+ cannot be read \(EIO/);
    files.before = null;
    expect((await readOnce(again, cold, 7)).found).to.deep.equal(named("a", 53, 7));
    await again.close();
  });

  it("answers at once, after the first read from the disk, from what was read ahead", async () => {
    const files = new MemoryFiles();
    const options = { segmentBytes: 8 << 20, cacheBytes: 8 << 20, slabsKept: 1 };
    let store = await openStore(files, options);
    const topic = addTopic(store, "orders", 2);
    for (let index = 0; index < 2_000; index++)
      append(store, topic.queues[index % 2]!, [text("x".repeat(2_000))]);
    await store.whenSettled();
    await store.close();
    store = await openStore(files, options);
    const [a, b] = store.state.topics.get("orders")!.queues;
    const sink = { take: () => true };
    const limits = { maxMessages: 100, maxBytes: 1 << 20 };
    const first = store.read(a!, 0, limits, sink);
    expect(first).to.be.instanceOf(Promise);
    expect(await first).to.equal(100);
    expect(store.read(b!, 0, limits, sink)).to.equal(100);
    for (let next = 100; next < 500; next += 100) {
      await new Promise(setImmediate);
      expect(store.read(a!, next, limits, sink)).to.equal(next + 100);
    }
    await store.close();
  });

  it("reads messages that lie far apart alone, and leaves the cache to queues that share blocks", async () => {
    const files = new MemoryFiles();
    const options = { segmentBytes: 32 << 20, cacheBytes: 8 << 20, slabsKept: 1 };
    let store = await openStore(files, options);
    const topic = addTopic(store, "orders", 2);
    for (let index = 0; index < 20; index++) {
      append(store, topic.queues[0]!, [text(`a-${index} `)]);
      for (let filler = 0; filler < 5; filler++)
        append(store, topic.queues[1]!, [text(`b-${index} ${"y".repeat(100_000)}`)]);
    }
    await store.whenSettled();
    await store.close();
    store = await openStore(files, options);
    const [a, b] = store.state.topics.get("orders")!.queues;
    expect((await readOnce(store, a!, 0)).found).to.deep.equal(named("a", 20));
    const sink = { take: () => true };
    expect(store.read(a!, 0, LIMITS, sink)).to.be.instanceOf(Promise);
    expect((await readOnce(store, b!, 0)).found).to.have.length(10);
    expect(store.read(b!, 0, LIMITS, sink)).to.equal(10);
    await store.close();
  });

  it("ends a read that would hold the process, also one that fits nothing", async () => {
    const store = await openStore(new MemoryFiles(), { segmentBytes: 8 << 20, slabsKept: 32 });
    const queue = addTopic(store, "orders").queues[0]!;
    for (let index = 0; index < 20_000; index++) append(store, queue, [text("x".repeat(200))]);
    await store.whenSettled();
    const none = await readOnce(store, queue, 0, { ...LIMITS, tagHashes: new Set([1]) });
    expect(none).to.deep.equal({ found: [], next: 16_384 });
    const { found, next } = await readOnce(store, queue, 0, { maxMessages: 1e6, maxBytes: 1e9 });
    expect(found.length).to.equal(next);
    expect(next).to.be.lessThan(10_000);
    await store.close();
  });

  it("gives back any messages in order, hot and cold, with any cache, over the edges of blocks", async () => {
    const sizes = fc.array(
      fc.oneof(
        { weight: 8, arbitrary: fc.nat(3_000) },
        { weight: 2, arbitrary: fc.nat(300_000) },
        { weight: 1, arbitrary: fc.nat(900_000) },
      ),
      { minLength: 1, maxLength: 60 },
    );
    const settings = fc.record({
      queues: fc.integer({ min: 1, max: 5 }),
      cacheBytes: fc.constantFrom(1, 300_000, 600_000, 4 << 20),
      maxMessages: fc.integer({ min: 1, max: 70 }),
      maxBytes: fc.nat(2_000_000),
      slabsKept: fc.integer({ min: 1, max: 8 }),
    });
    await fc.assert(
      fc.asyncProperty(sizes, settings, async (all, { queues, cacheBytes, slabsKept, ...limits }) => {
        const files = new MemoryFiles();
        const options = { segmentBytes: 3 << 20, cacheBytes, slabsKept };
        let store = await openStore(files, options);
        const topic = addTopic(store, "orders", queues);
        const expected = topic.queues.map((): string[] => []);
        for (const [index, size] of all.entries()) {
          append(store, topic.queues[index % queues]!, [text(`${index} ${"z".repeat(size)}`)]);
          expected[index % queues]!.push(`${index}`);
          await store.whenSettled();
        }
        for (const reopen of [false, true]) {
          if (reopen) {
            await store.close();
            store = await openStore(files, options);
          }
          const offsets = expected.map(() => 0);
          const found = expected.map((): string[] => []);
          for (let at = 0; offsets.some((offset, id) => offset < expected[id]!.length); at++) {
            const id = at % queues;
            const queue = store.state.topics.get("orders")!.queues[id]!;
            const read = await readOnce(store, queue, offsets[id]!, limits);
            found[id]!.push(...read.found);
            offsets[id] = read.next;
            if (at > 10_000) throw new Error("a read does not get on");
          }
          expect(found).to.deep.equal(expected);
        }
        expect((await bodies(store, store.state.topics.get("orders")!.queues[0]!)).length).to.equal(
          expected[0]!.length,
        );
        await store.close();
        expect(files.disk.openFiles).to.equal(0);
      }),
      { numRuns: 40 },
    );
  });
});
