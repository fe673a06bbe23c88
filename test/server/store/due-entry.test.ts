import { expect } from "chai";
import fc from "fast-check";
import { LogwheelError } from "../../../proto/kernel/errors.js";
import {
  type DueEntry,
  dueChanges,
  readSettlements,
  writeSettlements,
} from "../../../server/store/due-entry.js";
import { emptyHeader, KIND } from "../../../server/store/record.js";

const number = fc.maxSafeNat();
const entry = fc
  .record({ dueAtMs: number, origin: number, kind: fc.constantFrom(KIND.delayed, KIND.half) })
  .map((each) => ({
    ...each,
    place: each.origin - (each.origin % 2),
    bytes: each.origin % 4_096,
    topic: each.origin % 1_000,
    times: 0,
    first: each.kind === KIND.half ? each.origin : 0,
  }));
const settlement = fc.record({
  entry,
  againAtMs: number,
  times: fc.nat(255),
  dropped: fc.boolean(),
});
const NOTHING = Buffer.alloc(0);

function entryOf(given: Partial<DueEntry> & Pick<DueEntry, "dueAtMs" | "origin" | "kind">): DueEntry {
  return { place: given.origin, bytes: 100, topic: 1, times: 0, first: 0, ...given };
}

function changesOf(kind: number, payload: Buffer): unknown {
  const header = { ...emptyHeader(), kind, logOffset: 4_096, queueOffset: 77 };
  return dueChanges(header, payload, 0, payload.length);
}

describe("due entries in records", () => {
  it("settlements come back as they were written, wherever they stand", () => {
    fc.assert(
      fc.property(fc.array(settlement), fc.nat(9), (settlements, at) => {
        const payload = Buffer.concat([
          Buffer.alloc(at, 0xff),
          writeSettlements(settlements),
          Buffer.alloc(3),
        ]);
        expect(readSettlements(0, payload, at, payload.length - 3)).to.deep.equal(settlements);
      }),
    );
  });

  it("a payload that is none is damage", () => {
    const payload = writeSettlements([
      { entry: entryOf({ dueAtMs: 1, origin: 2, kind: KIND.half, topic: 3, first: 2 }), againAtMs: 0 },
    ]);
    const wrong = Buffer.from(payload);
    wrong[24] = KIND.message;
    for (const bytes of [payload.subarray(1), Buffer.concat([payload, Buffer.alloc(1)]), wrong])
      expect(() => readSettlements(5, bytes, 0, bytes.length)).to.throw(LogwheelError, /log offset 5/);
  });

  it("a delayed or half record puts an entry at its own log offset, other records change nothing", () => {
    for (const kind of [KIND.delayed, KIND.half])
      expect(changesOf(kind, NOTHING)).to.deep.equal([
        {
          op: "put",
          entry: {
            dueAtMs: 77,
            origin: 4_096,
            place: 4_096,
            bytes: 0,
            kind,
            topic: 0,
            times: 0,
            first: kind === KIND.half ? 4_096 : 0,
          },
        },
      ]);
    for (const kind of [KIND.message, KIND.mark, KIND.snapshot, KIND.cursors, KIND.damage])
      expect(changesOf(kind, NOTHING)).to.deep.equal([]);
  });

  it("a settle record takes entries away, and puts those that come again under their old origin", () => {
    const one: DueEntry = entryOf({ dueAtMs: 10, origin: 64, kind: KIND.delayed, topic: 4 });
    const other: DueEntry = entryOf({ dueAtMs: 20, origin: 99, kind: KIND.half, topic: 3, first: 99 });
    const payload = writeSettlements([
      { entry: one, againAtMs: 0 },
      { entry: other, againAtMs: 30 },
    ]);
    expect(changesOf(KIND.settle, payload)).to.deep.equal([
      { op: "delete", entry: one },
      { op: "delete", entry: other },
      { op: "put", entry: { ...other, dueAtMs: 30 } },
    ]);
  });
});
