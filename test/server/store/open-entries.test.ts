import { expect } from "chai";
import fc from "fast-check";
import { type EntryChain, OpenEntries } from "../../../server/store/open-entries.js";

describe("OpenEntries", () => {
  it("have of each queue what was added to it, in order, whenever they are asked", () => {
    const step = fc.record({ queue: fc.nat(4), adds: fc.nat(3_000), asked: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const open = new OpenEntries(0);
        const chains: EntryChain[] = [0, 1, 2, 3, 4].map((base) => ({ base, indexed: base, lastRow: 0 }));
        const added: number[][] = chains.map(() => []);
        let position = 64;
        for (const { queue, adds, asked } of steps) {
          for (let entry = 0; entry < adds; entry++, position += 100) {
            open.add(chains[queue]!, position, 90, queue, 2 ** 32 - 1);
            added[queue]!.push(position, 90, queue, 2 ** 32 - 1);
          }
          expect([...open.of(chains[asked]!)]).to.deep.equal(added[asked]);
        }
        for (const [queue, chain] of chains.entries()) {
          expect(chain.indexed - chain.base).to.equal(added[queue]!.length / 4);
          expect(open.lastPosition(chain)).to.equal(added[queue]!.at(-4) ?? 0);
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keep what they gave when more is added", () => {
    const open = new OpenEntries(0);
    const chain = { base: 7, indexed: 7, lastRow: 0 };
    open.add(chain, 64, 90, 1, 2);
    const before = open.of(chain);
    for (let entry = 1; entry < 5_000; entry++) open.add(chain, 64 + entry, 90, 1, 2);
    expect(open.of(chain).length).to.equal(20_000);
    expect([...before]).to.deep.equal([64, 90, 1, 2]);
  });
});
