import { expect } from "chai";
import fc from "fast-check";
import type { DueEntry } from "../../../server/store/due-entry.js";
import { compareDue } from "../../../server/store/due-keys.js";
import { DueSoon } from "../../../server/store/due-soon.js";
import { KIND } from "../../../server/store/record.js";

const END = { dueAtMs: 1_000, origin: 0 };

function entry(origin: number, dueAtMs: number): DueEntry {
  return { origin, dueAtMs, place: origin, bytes: 100, kind: KIND.delayed, topic: 1, times: 0, first: 0 };
}

describe("DueSoon", () => {
  it("gives what is due in order, again and again until it is deleted", () => {
    const soon = new DueSoon(100);
    soon.extend([], END);
    const dues = [50, 20, 90, 20, 70];
    for (const [origin, dueAtMs] of dues.entries()) soon.put(entry(origin, dueAtMs));
    const origins = (toMs: number, max: number): number[] => soon.peek(toMs, max).map(({ origin }) => origin);
    expect(origins(999, 10)).to.deep.equal([1, 3, 0, 4, 2]);
    expect(origins(70, 3)).to.deep.equal([1, 3, 0]);
    expect(origins(19, 3)).to.deep.equal([]);
    soon.delete(entry(3, 20));
    soon.delete(entry(1, 20));
    expect(origins(70, 9)).to.deep.equal([0, 4]);
    expect(soon.first).to.deep.equal(entry(0, 50));
  });

  it("takes no more than so many: what does not fit pulls the horizon down", () => {
    const soon = new DueSoon(3);
    soon.extend([], END);
    for (const dueAtMs of [10, 20, 30]) soon.put(entry(dueAtMs, dueAtMs));
    soon.put(entry(40, 15));
    expect(soon.horizon).to.deep.equal(entry(40, 15));
    expect(soon.peek(999, 9).map(({ dueAtMs }) => dueAtMs)).to.deep.equal([10]);
    soon.extend([entry(40, 15), entry(20, 20)], { dueAtMs: 25, origin: 0 });
    expect(soon.peek(999, 9).map(({ dueAtMs }) => dueAtMs)).to.deep.equal([10, 15, 20]);
  });

  it("holds every pending entry below its horizon, whatever comes and goes", () => {
    const act = fc.record({ origin: fc.nat(30), dueAtMs: fc.nat(200), way: fc.nat(5) });
    fc.assert(
      fc.property(fc.array(act, { maxLength: 200 }), (acts) => {
        const soon = new DueSoon(8);
        const model = new Map<number, DueEntry>();
        for (const { origin, dueAtMs, way } of acts) {
          const known = model.get(origin);
          if (way === 0) {
            const horizon = { dueAtMs: soon.horizon.dueAtMs + dueAtMs, origin: 0 };
            const isNew = (each: DueEntry): boolean =>
              compareDue(each, soon.horizon) >= 0 && compareDue(each, horizon) < 0;
            soon.extend([...model.values()].filter(isNew), horizon);
          } else {
            if (known !== undefined) soon.delete(known);
            model.delete(origin);
            if (way > 2) {
              model.set(origin, entry(origin, dueAtMs));
              soon.put(entry(origin, dueAtMs));
            }
          }
          const expected = [...model.values()].sort(compareDue);
          const below = expected.filter((each) => compareDue(each, soon.horizon) < 0);
          expect(soon.peek(1e9, 1e9)).to.deep.equal(below);
        }
      }),
      { numRuns: 300 },
    );
  });
});
