import { expect } from "chai";
import fc from "fast-check";
import type { DueChange, DueEntry } from "../../../server/store/due-entry.js";
import { entryOf } from "../../../server/store/due-keys.js";
import { DueOverlay } from "../../../server/store/due-overlay.js";
import { MemoryViews } from "../../../server/store/memory-views.js";
import { KIND } from "../../../server/store/record.js";

function entry(origin: number, dueAtMs = 1_000): DueEntry {
  return { origin, dueAtMs, place: origin, bytes: 100, kind: KIND.delayed, topic: 1, times: 0, first: 0 };
}

/** What the view below holds, by origin and in due order. */
async function below(views: MemoryViews): Promise<string[]> {
  const due = await views.scan(Buffer.of(1), Buffer.of(2), 1_000);
  const origins = await views.scan(Buffer.of(2), Buffer.of(3), 1_000);
  const byDue = due.map(entryOf).map(({ dueAtMs, origin }) => `${origin}@${dueAtMs}`);
  const byOrigin = origins.map(({ key, value }) => `${key.readUInt32BE(5)}@${value.readUInt32BE(4)}`);
  expect(byOrigin.sort(), "both orders").to.deep.equal(byDue.sort());
  return byOrigin;
}

describe("DueOverlay", () => {
  it("an entry that was put and settled in it has no effect below, one that was there is deleted", () => {
    const overlay = new DueOverlay();
    overlay.add(10, { op: "put", entry: entry(10) });
    overlay.add(20, { op: "delete", entry: entry(10) });
    expect([...overlay.net(30)]).to.deep.equal([]);
    overlay.add(30, { op: "delete", entry: entry(5) });
    expect([...overlay.net(31)].map(({ value }) => value)).to.deep.equal([undefined, undefined]);
  });

  it("what is not durable counts for nothing below", () => {
    const overlay = new DueOverlay();
    overlay.add(10, { op: "put", entry: entry(10) });
    overlay.add(20, { op: "delete", entry: entry(10) });
    expect([...overlay.net(20)]).to.have.length(2);
    overlay.written(20);
    expect(overlay.find(10)).to.equal(null);
    expect([...overlay.net(21)]).to.have.length(2);
    overlay.written(21);
    expect(overlay.find(10)).to.equal(undefined);
    expect(overlay.size).to.equal(0);
  });

  it("forgets what came and went, once all of it is durable, and nothing else", () => {
    const overlay = new DueOverlay();
    overlay.add(10, { op: "put", entry: entry(10) });
    overlay.add(20, { op: "put", entry: entry(20) });
    overlay.add(30, { op: "delete", entry: entry(10) });
    overlay.add(40, { op: "delete", entry: entry(20), dropped: true });
    overlay.add(50, { op: "delete", entry: entry(5) });
    overlay.compact(30);
    expect(overlay.size).to.equal(5);
    overlay.compact(60);
    expect([overlay.size, overlay.find(10), overlay.find(20), overlay.find(5)]).to.deep.equal([
      3,
      undefined,
      null,
      null,
    ]);
    expect(overlay.dropped(20)).to.equal(true);
    expect([...overlay.net(60)]).to.have.length(3);
  });

  it("wants to be compacted when half of it came and went, and half of it since the last time", () => {
    const overlay = new DueOverlay();
    let logOffset = 0;
    const put = (count: number): DueEntry[] =>
      Array.from({ length: count }, () => {
        const made = entry(++logOffset);
        overlay.add(logOffset, { op: "put", entry: made });
        return made;
      });
    const settle = (entries: readonly DueEntry[]): void => {
      for (const each of entries) overlay.add(++logOffset, { op: "delete", entry: each });
    };
    const many = put(2_000);
    expect(overlay.loose, "nothing has gone").to.equal(false);
    settle(many.slice(0, 666));
    expect(overlay.loose).to.equal(false);
    settle(many.slice(666, 667));
    expect(overlay.loose).to.equal(true);
    overlay.compact(1_000);
    expect([overlay.size, overlay.loose], "not durable").to.deep.equal([2_667, false]);
    overlay.compact(logOffset + 1);
    expect([overlay.size, overlay.loose]).to.deep.equal([1_333, false]);
    settle(many.slice(667));
    overlay.written(logOffset + 1);
    expect([overlay.size, overlay.loose]).to.deep.equal([0, false]);
    settle(put(511));
    expect(overlay.loose, "too few").to.equal(false);
    settle(put(1));
    expect(overlay.loose).to.equal(true);
  });

  it("leaves below what the changes add up to, wherever it is written in between", async () => {
    const act = fc.record({ origin: fc.nat(4), dueAtMs: fc.nat(3), write: fc.nat(9), settle: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 60 }), async (acts) => {
        const overlay = new DueOverlay();
        const views = new MemoryViews();
        const model = new Map<number, DueEntry>();
        for (const [index, { origin, dueAtMs, write, settle }] of acts.entries()) {
          const known = model.get(origin);
          const changes: DueChange[] = known === undefined ? [] : [{ op: "delete", entry: known }];
          if (!settle) changes.push({ op: "put", entry: entry(origin, dueAtMs) });
          for (const change of changes) overlay.add(index, change);
          if (settle) model.delete(origin);
          else model.set(origin, entry(origin, dueAtMs));
          expect(overlay.find(origin) ?? undefined).to.deep.equal(model.get(origin));
          if (write > 1 && write < 5) {
            const pending = [...overlay.pending()].sort((a, b) => a.origin - b.origin);
            overlay.compact(index + 3 - write);
            expect([...overlay.pending()].sort((a, b) => a.origin - b.origin)).to.deep.equal(pending);
          }
          if (write > 1) continue;
          const to = index + 1 - write;
          await views.write([...overlay.net(to)]);
          overlay.written(to);
        }
        await views.write([...overlay.net(acts.length)]);
        overlay.written(acts.length);
        const expected = [...model.values()].map(({ origin, dueAtMs }) => `${origin}@${dueAtMs}`);
        expect(await below(views)).to.deep.equal(expected.sort());
        expect(overlay.size + [...overlay.pending()].length).to.equal(0);
      }),
      { numRuns: 500 },
    );
  });
});
