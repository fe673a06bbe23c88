import { expect } from "chai";
import fc from "fast-check";
import { SendQueue } from "../../../proto/http2/send-queue.js";

const bytes = fc.uint8Array({ maxLength: 700 }).map((each) => Buffer.from(each));

describe("SendQueue", () => {
  it("gives what it was given, in order, in pieces of any size", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(bytes, bytes, fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 900 }))),
        (steps) => {
          const queue = new SendQueue();
          let expected = Buffer.alloc(0);
          for (const [head, body, part, taken] of steps) {
            const pair = Buffer.concat([head, body]);
            const from = Math.floor(pair.length * part);
            queue.push(head, body, from);
            // What was given may change after that.
            expected = Buffer.concat([expected, pair.subarray(from)]);
            head.fill(0);
            body.fill(0);
            const count = Math.min(taken, queue.bytes);
            const out = Buffer.alloc(count + 2, 1);
            queue.shift(out, 1, count);
            expect(out.subarray(1, count + 1).equals(expected.subarray(0, count))).to.equal(true);
            expect([out[0], out[count + 1]]).to.deep.equal([1, 1]);
            expected = expected.subarray(count);
            expect(queue.bytes).to.equal(expected.length);
          }
        },
      ),
    );
  });
});
