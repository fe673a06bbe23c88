import { expect } from "chai";
import { OpenKeys } from "../../../server/store/open-keys.js";

function keysOf(pairs: readonly (readonly [hash: number, position: number])[]): OpenKeys {
  const keys = new OpenKeys();
  for (const [hash, position] of pairs) keys.add(hash, position);
  return keys;
}

describe("OpenKeys", () => {
  it("sorts by hash, then position, whatever the order in which they came", () => {
    const pairs = [
      [0xffffffff, 4],
      [3, 9],
      [0xffffffff, 2],
      [0x01000000, 1],
      [3, 8],
      [0, 0xffffffff],
    ] as const;
    const sorted = [...keysOf(pairs).toSorted()].flatMap((piece) => [...piece]);
    const expected = pairs.map(([hash, position]) => BigInt(hash) * 2n ** 32n + BigInt(position));
    expect(sorted).to.deep.equal(expected.sort((a, b) => (a < b ? -1 : 1)));
  });

  it("still finds after it was sorted", () => {
    const keys = keysOf([
      [7, 1],
      [5, 2],
      [7, 3],
    ]);
    for (const piece of keys.toSorted()) expect(piece.length).to.equal(3);
    expect(keys.find(7)).to.deep.equal([1, 3]);
    expect(keys.count).to.equal(3);
  });

  it("has nothing at first", () => {
    expect(new OpenKeys().find(1)).to.deep.equal([]);
    expect([...new OpenKeys().toSorted()]).to.deep.equal([]);
  });
});
