import { expect } from "chai";
import fc from "fast-check";
import { MemoryFiles } from "../../../server/disk/memory-files.js";
import { KeyIndex, writeKeyIndex } from "../../../server/store/key-index.js";
import { OpenKeys } from "../../../server/store/open-keys.js";
import { describeBlockFile } from "../../contract/block-files.js";
import { KEY_INDEX, keysOf } from "../../support/block-file-kinds.js";

async function indexOf(keys: OpenKeys): Promise<{ index: KeyIndex; files: MemoryFiles }> {
  const files = new MemoryFiles();
  await writeKeyIndex(files, 0, keys);
  return { files, index: await KeyIndex.open(files, 0) };
}

const HASH = fc.oneof(
  fc.constantFrom(0, 1, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);

describe("OpenKeys and KeyIndex", () => {
  it("find every record that has the key, in order, and no other", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(HASH, { maxLength: 60 }), HASH, async (hashes, missing) => {
        const expected = new Map<number, number[]>([[missing, []]]);
        const pairs = hashes.map((hash, at) => [hash, at * 1000] as const);
        for (const [hash, position] of pairs) expected.set(hash, [...(expected.get(hash) ?? []), position]);
        const keys = keysOf(pairs);
        for (const [hash, positions] of expected) expect(keys.find(hash)).to.deep.equal(positions);
        const { index } = await indexOf(keys);
        for (const [hash, positions] of expected) expect(await index.find(hash)).to.deep.equal(positions);
      }),
      { numRuns: 200 },
    );
  });

  it("count a record once, though it has the same key twice", async () => {
    const keys = keysOf([
      [5, 10],
      [5, 10],
      [5, 20],
    ]);
    expect(keys.find(5)).to.deep.equal([10, 20]);
    expect(await (await indexOf(keys)).index.find(5)).to.deep.equal([10, 20]);
  });
});

describe("KeyIndex", () => {
  it("finds a key whose records fill several blocks, in parts if asked", async () => {
    const count = 30_000;
    const pairs = Array.from({ length: count }, (_, at) => [at % 10 === 0 ? at : 12, at * 8] as const);
    const { index } = await indexOf(keysOf(pairs));
    const all = pairs.filter(([hash]) => hash === 12).map(([, position]) => position);
    expect(await index.find(12)).to.deep.equal(all);
    expect(await index.find(12, { countMax: 3 })).to.deep.equal(all.slice(0, 3));
    expect(await index.find(12, { from: all[20_000]!, countMax: 9000 })).to.deep.equal(
      all.slice(20_000, 29_000),
    );
    expect(await index.find(12, { from: all[20_000]! + 1, countMax: 1 })).to.deep.equal(
      all.slice(20_001, 20_002),
    );
  });

  it("reads one block for a key that few records have", async () => {
    const pairs = Array.from({ length: 50_000 }, (_, at) => [Math.imul(at, 0x9e3779b1) >>> 0, at] as const);
    const { index, files } = await indexOf(keysOf(pairs));
    const reads = files.disk.count("read");
    expect(await index.find(pairs[777]![0])).to.deep.equal([777]);
    expect(files.disk.count("read")).to.equal(reads + 1);
  });

  it("finds nothing in a segment without keys", async () => {
    expect(await (await indexOf(new OpenKeys())).index.find(1)).to.deep.equal([]);
  });
});

describeBlockFile("key index", KEY_INDEX);
