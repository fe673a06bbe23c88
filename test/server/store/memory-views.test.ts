import { expect } from "chai";
import { seeded } from "../../../client/testing/seeded.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { describeViews } from "../../contract/views.js";

describeViews("in memory", async () => new MemoryViews());

function key(at: number): Buffer {
  return Buffer.of(1, at);
}

/** Which of the keys are there. */
async function left(views: MemoryViews): Promise<number[]> {
  return (await views.scan(Buffer.of(1), Buffer.of(2), 100)).map((entry) => entry.key[1]!);
}

describe("MemoryViews that lose power", () => {
  it("keep what was forced and what was synced, and lose any of the rest, also in the middle", async () => {
    const views = new MemoryViews();
    await views.write([{ key: key(0), value: key(0) }]);
    await views.force();
    for (let at = 1; at < 10; at++) await views.write([{ key: key(at), value: key(at) }], { sync: at === 5 });
    expect(await left(views.losePower("nothing"))).to.deep.equal([0, 5]);
    expect(await left(views.losePower("everything"))).to.deep.equal([...Array(10).keys()]);
    const found = new Set<string>();
    for (let seed = 0; seed < 200; seed++) found.add(String(await left(views.losePower(seeded(seed)))));
    expect([...found].some((each) => !each.includes("1") && each.includes("9"))).to.equal(true);
    expect([...found].every((each) => each.startsWith("0") && each.includes("5"))).to.equal(true);
    expect(found.size).to.be.above(50);
  });

  it("force nothing that is written while they do", async () => {
    const views = new MemoryViews();
    await views.write([{ key: key(1), value: key(1) }]);
    views.before = async ({ call }) => {
      views.before = null;
      if (call === "force") await views.write([{ key: key(2), value: key(2) }]);
    };
    await views.force();
    expect(await left(views.losePower("nothing"))).to.deep.equal([1]);
  });
});
