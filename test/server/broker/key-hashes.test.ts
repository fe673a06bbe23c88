import { expect } from "chai";
import fc from "fast-check";
import { KeyHashes } from "../../../server/broker/key-hashes.js";

describe("hashes of keys by offset", () => {
  it("agree with a plain list, whatever was passed over, for as long as the ring reaches", () => {
    const notes = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.nat({ max: 600 })), {
      maxLength: 900,
    });
    fc.assert(
      fc.property(notes, fc.nat({ max: 2 ** 40 }), fc.nat({ max: 300 }), (steps, start, lag) => {
        const hashes = new KeyHashes();
        const plain = new Map<number, number>();
        let offset = start;
        for (const [step, hash] of steps) {
          offset += step;
          hashes.note(offset, hash, Math.max(start, offset - lag));
          plain.set(offset, hash);
        }
        const reach = [...plain].filter(([at]) => at > offset - hashes.size);
        for (const [at, hash] of reach) expect(hashes.get(at)).to.equal(hash);
        expect(hashes.get(offset + 1)).to.equal(-1);
        for (const hash of new Set(plain.values())) {
          const from = offset - Math.min(lag, hashes.size - 1);
          const expected = reach.filter(([at, other]) => at >= from && other === hash).map(([at]) => at);
          expect(hashes.find(hash, from)).to.deep.equal(expected);
        }
        expect(hashes.size).to.be.at.most(Math.max(256, 4 * (lag + 1)));
      }),
      { numRuns: 300 },
    );
  });
});
