import { expect } from "chai";
import fc from "fast-check";
import { RangeSet } from "../../../proto/kernel/range-set.js";

const TOP = 60;
const offset = fc.integer({ min: 0, max: TOP });
const step = fc.record({ what: fc.constantFrom("add", "add", "takeFloor"), a: offset, b: offset });

/** The same set as single offsets. */
function model(set: Set<number>, start: number, end: number, change: "add" | "delete"): number {
  const before = set.size;
  for (let at = start; at < end; at++) set[change](at);
  return Math.abs(set.size - before);
}

function expectSame(ranges: RangeSet, single: Set<number>): void {
  const spread = ranges
    .toArray()
    .flatMap(([start, end]) => Array.from({ length: end - start }, (_, i) => start + i));
  expect(spread).to.deep.equal([...single].sort((a, b) => a - b));
  expect(ranges.count).to.equal(single.size);
  const flat = ranges.toArray().flat();
  for (let i = 1; i < flat.length; i++) expect(flat[i]).to.be.above(flat[i - 1]!);
}

describe("RangeSet", () => {
  it("holds what a set of single offsets holds after any adds and floors", () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ranges = new RangeSet();
        const single = new Set<number>();
        for (const { what, a, b } of steps) {
          if (what === "add") expect(ranges.add(a, b)).to.equal(model(single, a, b, "add"));
          else {
            let floor = a;
            while (single.has(floor)) floor++;
            expect(ranges.takeFloor(a)).to.equal(floor);
            model(single, 0, floor, "delete");
          }
          expectSame(ranges, single);
        }
      }),
      { numRuns: 500 },
    );
  });

  it("answers has, nextMissing, nextPresent and countWithin as a set of single offsets would", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(offset, offset)), offset, offset, (pairs, a, b) => {
        const ranges = RangeSet.of(pairs);
        const single = new Set<number>();
        for (const [start, end] of pairs) model(single, start, end, "add");
        expect(ranges.has(a)).to.equal(single.has(a));
        let missing = a;
        while (single.has(missing)) missing++;
        expect(ranges.nextMissing(a)).to.equal(missing);
        const above = [...single].filter((at) => at >= a);
        expect(ranges.nextPresent(a)).to.equal(Math.min(...above, Number.POSITIVE_INFINITY));
        expect(ranges.countWithin(a, b)).to.equal([...single].filter((at) => at >= a && at < b).length);
      }),
    );
  });

  it("stays one range while acknowledgements come in order", () => {
    const ranges = new RangeSet();
    for (let at = 0; at < 100_000; at++) ranges.add(at, at + 1);
    expect(ranges.toArray()).to.deep.equal([[0, 100_000]]);
    expect(ranges.takeFloor(0)).to.equal(100_000);
    expect(ranges.ranges).to.equal(0);
  });

  it("joins ranges when the gap between them is filled, and reads back what it wrote", () => {
    const ranges = RangeSet.of([
      [7, 9],
      [1, 3],
      [4, 6],
    ]);
    expect(ranges.toArray()).to.deep.equal([
      [1, 3],
      [4, 6],
      [7, 9],
    ]);
    expect(ranges.add(3, 4)).to.equal(1);
    expect(ranges.add(6, 7)).to.equal(1);
    expect(ranges.toArray()).to.deep.equal([[1, 9]]);
    ranges.clear();
    expect([ranges.count, ranges.ranges, ranges.has(4)]).to.deep.equal([0, 0, false]);
  });
});
