import { expect } from "chai";
import fc from "fast-check";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { BlockCache } from "../../../server/store/block-cache.js";
import {
  type Place,
  type QueueEntries,
  SegmentIndex,
  writeSegmentIndex,
} from "../../../server/store/segment-index.js";
import { describeBlockFile } from "../../contract/block-files.js";
import { codeOf } from "../../contract/files.js";
import { CONSUME_INDEX, entriesOf, queueEntries as queue } from "../../support/block-file-kinds.js";

async function indexOf(
  queues: QueueEntries[],
  cacheBytes = 1 << 20,
): Promise<{ index: SegmentIndex; files: MemoryFiles; cache: BlockCache }> {
  const files = new MemoryFiles();
  await writeSegmentIndex(
    files,
    0,
    queues.sort((a, b) => a.topic - b.topic || a.queueId - b.queueId),
  );
  const cache = new BlockCache(cacheBytes);
  return { files, cache, index: await SegmentIndex.open(files, 0, cache) };
}

/** Entries of a place, piece by piece. */
async function entriesAt(
  index: SegmentIndex,
  place: Place,
  from: number,
  count: number,
): Promise<Uint32Array> {
  const numbers: number[] = [];
  while (numbers.length < count * 4) {
    const done = numbers.length / 4;
    const piece = await index.entries(place, from + done, count - done);
    if (piece.length === 0) break;
    numbers.push(...piece);
  }
  return Uint32Array.from(numbers);
}

describe("SegmentIndex", () => {
  it("finds every queue, with and without messages, and no other", async () => {
    const { index } = await indexOf([queue(7, 0, 5, 2), queue(2, 1, 0, 0), queue(2, 0, 2 ** 52, 3)]);
    expect(await index.find(2, 0)).to.deep.equal({ baseOffset: 2 ** 52, firstEntry: 0, count: 3 });
    expect(await index.find(2, 1)).to.deep.equal({ baseOffset: 0, firstEntry: 3, count: 0 });
    expect(await index.find(7, 0)).to.deep.equal({ baseOffset: 5, firstEntry: 3, count: 2 });
    for (const [topic, id] of [
      [0, 0],
      [1, 9],
      [2, 2],
      [7, 1],
      [8, 0],
    ] as const) {
      expect(await index.find(topic, id)).to.equal(undefined);
    }
  });

  it("gives the entries of a place, from anywhere, as far as there are any", async () => {
    const { index } = await indexOf([queue(1, 0, 0, 3), queue(1, 1, 0, 5)]);
    const place = (await index.find(1, 1))!;
    const all = entriesOf(5, 32);
    expect(await index.entries(place, 0, 5)).to.deep.equal(all);
    expect(await index.entries(place, 1, 2)).to.deep.equal(all.subarray(4, 12));
    expect(await index.entries(place, 3, 100)).to.deep.equal(all.subarray(12));
    expect(await index.entries(place, 5, 1)).to.have.length(0);
    expect(await index.entries(place, 0, 0)).to.have.length(0);
  });

  it("answers at once what is in the cache, and gives entries up to the end of their block", async () => {
    const { index } = await indexOf([queue(1, 0, 0, 5000)]);
    const place = (await index.find(1, 0))!;
    expect(index.find(1, 0)).to.deep.equal(place);
    expect(await index.entries(place, 4000, 1000)).to.have.length(96 * 4);
    expect(index.entries(place, 4095, 1)).to.deep.equal(entriesOf(5000, 31).subarray(4095 * 4, 4096 * 4));
  });

  it("knows nothing of a segment without queues", async () => {
    const { index } = await indexOf([]);
    expect(await index.find(1, 0)).to.equal(undefined);
    expect(await index.topics()).to.deep.equal([]);
  });

  it("lists the topics that have messages", async () => {
    const { index } = await indexOf([
      queue(3, 1, 9, 1),
      queue(3, 0, 0, 1),
      queue(1, 0, 4, 0),
      queue(2, 0, 0, 1),
    ]);
    expect(await index.topics()).to.deep.equal([2, 3]);
  });

  it("gives back any queues and entries, also over the borders of blocks", async () => {
    const queues = fc.uniqueArray(
      fc.record({
        topic: fc.integer({ min: 0, max: 0xffffffff }),
        queueId: fc.integer({ min: 0, max: 0xffffffff }),
        baseOffset: fc.maxSafeNat(),
        count: fc.oneof({ weight: 9, arbitrary: fc.nat(20) }, { weight: 1, arbitrary: fc.nat(9000) }),
      }),
      { selector: ({ topic, queueId }) => `${topic}-${queueId}`, maxLength: 30 },
    );
    await fc.assert(
      fc.asyncProperty(queues, fc.nat(9000), fc.nat(9000), async (all, from, count) => {
        const written = all.map((each) => queue(each.topic, each.queueId, each.baseOffset, each.count));
        const { index } = await indexOf(written);
        for (const { topic, queueId, baseOffset, entries } of written) {
          const place = (await index.find(topic, queueId))!;
          expect(place.baseOffset).to.equal(baseOffset);
          expect(place.count).to.equal(entries.length / 4);
          const some = await entriesAt(index, place, from, count);
          const expected = entries.subarray(from * 4, (from + count) * 4);
          expect(
            Buffer.from(some.buffer, some.byteOffset, some.byteLength).equals(
              Buffer.from(expected.buffer, expected.byteOffset, expected.byteLength),
            ),
          ).to.equal(true);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("finds one of 80,000 queues with one read, and keeps no more than its cache may", async () => {
    const queues = Array.from({ length: 80_000 }, (_, at) => queue(at >> 3, at & 7, at, at % 3));
    const { index, files, cache } = await indexOf(queues, 256 << 10);
    const reads = files.disk.count("read");
    expect(await index.find(5000, 3)).to.include({ baseOffset: 40_003, count: 40_003 % 3 });
    expect(files.disk.count("read")).to.equal(reads + 1);
    await index.find(5000, 4);
    expect(files.disk.count("read")).to.equal(reads + 1);
    for (let at = 0; at < 80_000; at += 997) {
      expect((await index.find(at >> 3, at & 7))!.baseOffset).to.equal(at);
      expect(cache.bytes).to.be.at.most(256 << 10);
    }
  });

  it("treats a queue that comes twice, or too late, as a bug", async () => {
    for (const queues of [
      [queue(1, 0, 0, 1), queue(2, 0, 0, 1), queue(2, 0, 1, 1)],
      [queue(1, 0, 0, 1), queue(2, 1, 0, 1), queue(2, 0, 0, 1)],
      [queue(2, 0, 0, 1), queue(1, 1, 0, 1)],
    ])
      expect(await codeOf(writeSegmentIndex(new MemoryFiles(), 0, queues))).to.equal("ERR_ASSERTION");
  });

  it("leaves the cache when it is closed", async () => {
    const { index, files, cache } = await indexOf([queue(1, 0, 0, 1)]);
    await index.find(1, 0);
    expect(cache.bytes).to.be.greaterThan(0);
    await index.close();
    expect(cache.bytes).to.equal(0);
    expect(files.disk.openFiles).to.equal(0);
  });
});

describeBlockFile("consume index", CONSUME_INDEX);
