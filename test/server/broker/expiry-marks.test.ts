import { expect } from "chai";
import fc from "fast-check";
import { ExpiryMarks } from "../../../server/broker/expiry-marks.js";

const NEVER = Number.POSITIVE_INFINITY;

describe("what was looked at of a queue", () => {
  it("is not looked at again before something in it expires", () => {
    const marks = new ExpiryMarks();
    expect(marks.next(0, 0)).to.equal(null);
    const all = { from: 0, to: 10 };
    expect(marks.next(0, 10)).to.deep.equal(all);
    marks.looked(all, 4, 50);
    marks.looked({ from: 4, to: 10 }, 10, NEVER);
    expect([marks.next(49, 10), marks.next(49, 11)]).to.deep.equal([null, { from: 10, to: 11 }]);
    expect(marks.next(50, 11)).to.deep.equal({ from: 0, to: 4 });
    marks.looked({ from: 0, to: 4 }, 1, NEVER);
    expect(marks.next(50, 10)).to.deep.equal({ from: 1, to: 4 });
    marks.looked({ from: 1, to: 4 }, 4, NEVER);
    expect(marks.next(1e9, 10)).to.equal(null);
  });

  it("has a tail that can wait", () => {
    const marks = new ExpiryMarks();
    marks.looked({ from: 0, to: 10 }, 3, NEVER);
    marks.waits(7);
    expect([marks.next(6, 10), marks.next(7, 10)]).to.deep.equal([null, { from: 3, to: 10 }]);
  });

  it("tells of everything that expires when it has, whatever the reads come to", () => {
    const message = fc.oneof(fc.constant(NEVER), fc.integer({ min: 0, max: 100 }));
    const step = fc.record({ sent: fc.array(message, { maxLength: 5 }), reads: fc.array(fc.nat(4)) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const marks = new ExpiryMarks();
        const left: number[] = [];
        for (const [index, { sent, reads }] of [...steps, { sent: [], reads: [] }].entries()) {
          left.push(...sent);
          const nowMs = index === steps.length ? 1e6 : index * 5;
          for (let read = 0; ; read++) {
            const span = marks.next(nowMs, left.length);
            if (span === null) break;
            const to = Math.min(span.to, span.from + 1 + (reads[read] ?? 9));
            let nextMs = NEVER;
            for (let at = span.from; at < to; at++)
              if (left[at]! <= nowMs) left[at] = NEVER;
              else nextMs = Math.min(nextMs, left[at]!);
            marks.looked(span, to, nextMs);
          }
          expect(left.filter((atMs) => atMs <= nowMs)).to.deep.equal([]);
        }
      }),
    );
  });
});
